"""Settings files: all faults at once, options before overrides before the file, and plain values there and back."""

from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from neumo.core.errors import ConfigError
from neumo.core.settings import load_settings, parse_settings
from neumo.core.typed_values import Allowed, between, matching, to_plain


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, kw_only=True)
class Circle:
    kind: Literal["circle"]
    radius: Annotated[float, between(above=0)]


@dataclass(frozen=True, kw_only=True)
class Square:
    kind: Literal["square"]
    side: float = 1


@dataclass(frozen=True, kw_only=True)
class Listen:
    host: str = "localhost"
    port: Annotated[int, between(0, 65535)] = 80
    secure: bool = False
    certificate: Path | None = None

    def __post_init__(self) -> None:
        if self.secure and self.certificate is None:
            raise ValueError("secure needs a certificate")


@dataclass(frozen=True, kw_only=True)
class Settings:
    name: Annotated[str, matching("[a-z]+", "of small letters")]
    listen: Listen = Listen()
    rate: Annotated[float, between(0, below=1)] | None = 0.5
    colour: Colour = Colour.RED
    mode: Literal["fast", "slow"] = "slow"
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    span: tuple[int, float] = (1, 2.0)
    shapes: tuple[Circle | Square, ...] = ()
    folders: Annotated[tuple[str, ...], Allowed("of at least one", bool)] = ("a",)
    options: dict[str, Any] = field(default_factory=dict)
    anything: Any = None
    backup: Listen | None = None


def parse(**values: Any) -> Settings:
    return parse_settings(Settings, {"name": "x"} | values, "test")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    target = tmp_path / "settings.yaml"
    target.write_text("name: a\nlisten: {port: 1, host: 192.0.2.1}\nrate: 0.25\n")
    return target


def test_options_come_after_overrides_and_those_after_the_file(file: Path) -> None:
    settings = load_settings(
        Settings, file, ["listen.port=2", "rate=null", "backup.port=7"], {"listen.port": 3, "name": None}
    )
    assert settings == Settings(
        name="a", listen=Listen(port=3, host="192.0.2.1"), rate=None, backup=Listen(port=7)
    )


def test_every_type_is_parsed() -> None:
    shapes = [{"kind": "circle", "radius": 2}, {"kind": "square"}]
    settings = parse(
        listen={"secure": True, "certificate": "a.pem"},
        colour="green",
        mode="fast",
        networks=["10.0.0.0/8", "::1/128"],
        span=[3, 4],
        shapes=shapes,
        options={"deep": [1]},
        anything=[1],
        rate="1e-4",  # which YAML reads as text
    )
    assert settings.listen.certificate == Path("a.pem") and settings.colour is Colour.GREEN
    assert settings.networks == (IPv4Network("10.0.0.0/8"), IPv6Network("::1/128"))
    assert settings.span == (3, 4.0) and isinstance(settings.span[1], float)
    assert settings.shapes == (Circle(kind="circle", radius=2), Square(kind="square"))
    assert settings.options == {"deep": [1]} and settings.anything == [1] and settings.rate == 1e-4
    assert yaml.safe_load(yaml.safe_dump(to_plain(settings))) == to_plain(settings)
    assert parse_settings(Settings, to_plain(settings), "again") == settings


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "A"}, "name: 'A': must be text of small letters"),
        ({"name": 7}, "name: 7: must be text of small letters"),
        ({"rate": 1}, "rate: 1: must be a number of at least 0 and below 1 or null"),
        ({"rate": float("nan")}, "rate: nan: must be a number"),
        ({"rate": True}, "rate: True: must be a number"),
        ({"listen": {"port": 70_000}}, "listen.port: 70000: must be a whole number of at least 0 and of at most 65535"),
        ({"listen": {"port": 1.5}}, "listen.port: 1.5: must be a whole number"),
        ({"listen": {"port": 10**400}}, "must be a whole number"),
        ({"listen": {"port": None}}, "listen.port: None: must be a whole number"),
        ({"listen": {"secure": "yes"}}, "listen.secure: 'yes': must be true or false"),
        ({"listen": {"secure": True}}, "listen: secure needs a certificate"),
        ({"listen": {"certificate": 3}}, "listen.certificate: 3: must be a path or null"),
        ({"listen": 3}, "listen: 3: must be a section of keys"),
        ({"listen": None}, "listen: None: must be a section of keys"),
        ({"listen": {"hots": "a"}}, "listen.hots: 'a': unknown key; did you mean 'host'?"),
        ({"listen": {"zzz": 1}}, "listen.zzz: 1: unknown key; known here: certificate, host, port, secure"),
        ({"colour": "gren"}, "colour: 'gren': must be exactly one of red, green; did you mean 'green'?"),
        ({"colour": ["red", "green"]}, "must be exactly one of red, green"),
        ({"mode": "quick"}, "mode: 'quick': must be exactly one of fast, slow"),
        ({"networks": ["10.0.0.1/8"]}, "networks.0: '10.0.0.1/8': must be a network such as 192.0.2.0/24"),
        ({"networks": "10.0.0.0/8"}, "networks: '10.0.0.0/8': must be a list"),
        ({"networks": [1]}, "networks.0: 1: must be a network"),
        ({"span": [1]}, "span: [1]: must be a list of 2"),
        ({"span": ["a", 1]}, "span.0: 'a': must be a whole number"),
        ({"folders": []}, "folders: []: must be a list of at least one"),
        ({"options": [1]}, "options: [1]: must be a section of keys"),
        ({"shapes": [{"kind": "cube"}]}, "shapes.0.kind: 'cube': must be circle or square"),
        ({"shapes": [{"kind": "circle"}]}, "shapes.0.radius: is missing; add it"),
        ({"shapes": [3]}, "shapes.0: 3: must be a section of keys"),
    ],
)  # fmt: skip
def test_a_fault_names_key_value_and_what_is_allowed(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(**values)
    assert str(caught.value).startswith("test: 1 fault\n")
    assert told in str(caught.value)


def test_all_faults_are_told_at_once(file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(Settings, file, ["nmae=b", "listen.port=-1", "colour=blue", "backup.host=1", "name=[]"])
    lines = str(caught.value).splitlines()
    assert lines[0] == f"{file}: 5 faults"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "name",
        "listen.port",
        "nmae",
        "colour",
        "backup.host",
    ]


def test_what_is_required_is_told() -> None:
    with pytest.raises(ConfigError, match="settings: 1 fault\n  name: is missing; add it"):
        load_settings(Settings, None)


@pytest.mark.parametrize("override", ["listen.port", "=1", "listen=[", "name.x=1", "listen.port.x=1"])
def test_an_override_that_is_none_is_quoted(file: Path, override: str) -> None:
    with pytest.raises(ConfigError, match="--set"):
        load_settings(Settings, file, [override])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"- a", "must be a mapping of keys"),
        (b"a: [", "is not a YAML file"),
        (b"\xff\xfe\x00", "is not a YAML file"),
        (b"\x00", "is not a YAML file"),
        (b"", "name: is missing"),
    ],
)
def test_a_file_that_is_none_is_told(file: Path, content: bytes, told: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=told):
        load_settings(Settings, file)
    with pytest.raises(ConfigError, match="no such plan"):
        load_settings(Settings, file.with_name("none.yaml"), file="plan")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*Settings.__dataclass_fields__, "other"]), PLAIN))
def test_whatever_is_given_there_are_settings_or_a_configuration_error(values: dict[str, Any]) -> None:
    try:
        settings = parse_settings(Settings, {"name": "x"} | values, "test")
    except ConfigError:
        return
    again = parse_settings(Settings, to_plain(settings), "again")
    assert repr(again) == repr(settings)
