"""DICOM conformance statement (PS3.2) and IHE integration statement, from the code's own constants and the settings."""

import importlib.util
from collections.abc import Iterator

from neumo.dicomnode.receive.presentation_contexts import SOP_CLASSES, TRANSFER_SYNTAXES, VERIFICATION
from neumo.dicomnode.receive.store_status import StoreStatus
from neumo.papers.subject import Subject, provenance_lines
from neumo.results.dicom.makers import SOP_CLASSES as MADE
from neumo.results.dicom.uids import CODING_SCHEME, IMPLEMENTATION
from neumo.results.kinds import USUAL
from neumo.results.paper import Section
from neumo.sending.destinations import CStoreDestination
from neumo.sending.dicomweb import MAX_REQUEST_BYTES, PAGE_SIZE
from neumo.texts.catalogue import Texts


def conformance(subject: Subject, t: Texts) -> Iterator[Section]:
    """Write the DICOM conformance statement: services, policies, transfer syntaxes, statuses, objects, security."""
    node = subject.node
    source = t("papers.dicom.defaults")
    if subject.settings is not None:
        source = t("papers.dicom.settings", file=subject.settings.name)
    yield Section(
        t("papers.dicom.overview"),
        (*provenance_lines(subject, t), source, t("papers.dicom.overview_text")),
        _heads(t, "service", "uid", "user", "provider"),
        tuple(_services(t)),
    )
    receive = node.receive
    limits, timeouts = receive.limits, receive.timeouts
    yield Section(
        t("papers.dicom.scp"),
        (
            t(
                "papers.dicom.scp_policies",
                ae=receive.ae_title,
                host=receive.host,
                port=receive.port,
                associations=limits.associations,
                pdu=limits.pdu_bytes,
                object=limits.object_bytes,
                called=_yes(receive.check_called_ae_title, t),
                calling=", ".join(receive.calling_ae_titles) or t("papers.dicom.anybody"),
                tls=_yes(receive.tls is not None, t),
                idle=timeouts.idle,
                network=timeouts.network,
                artim=timeouts.artim,
            ),
        ),
    )
    names = _heads(t, "name", "uid")
    yield Section(t("papers.dicom.contexts"), (), names, tuple((s.name, str(s)) for s in TRANSFER_SYNTAXES))
    yield Section(
        t("papers.dicom.statuses"),
        (),
        _heads(t, "status", "meaning"),
        tuple((f"{status:04X}", t(f"papers.dicom.status.{status.name.lower()}")) for status in StoreStatus),
    )
    retry = node.send.retry
    yield Section(
        t("papers.dicom.scu"),
        (
            t(
                "papers.dicom.scu_text",
                quiet=node.send.quiet,
                first=retry.first,
                longest=retry.longest,
                refusals=retry.refusals,
            ),
        ),
        _heads(t, "name", "value"),
        tuple(_destinations(subject, t)),
    )
    yield Section(
        t("papers.dicom.web"),
        (t("papers.dicom.web_text", bytes=MAX_REQUEST_BYTES, page=PAGE_SIZE),),
        _heads(t, "method", "path", "meaning"),
        (
            ("GET", "/instances", t("papers.dicom.qido")),
            ("GET", "/studies/{study}/series/{series}/instances/{instance}", t("papers.dicom.wado")),
            ("POST", "/studies", t("papers.dicom.stow")),
        ),
    )
    yield Section(
        t("papers.dicom.results"),
        (
            t("papers.dicom.results_text"),
            t("papers.dicom.codes", uid=CODING_SCHEME, implementation=IMPLEMENTATION),
        ),
        _heads(t, "name", "uid", "what"),
        tuple((made.name, str(made), t(f"papers.dicom.profile.{kind}")) for kind, made in MADE.items()),
    )
    yield Section(t("papers.dicom.characters"), (t("papers.dicom.characters_text"),))
    yield Section(t("papers.dicom.security"), (t("papers.dicom.security_text"),))
    yield _http(t)


def integration(subject: Subject, t: Texts) -> Iterator[Section]:
    """Write the IHE integration statement: profiles and actors, and what is not offered."""
    rows = (
        ("air", "Evidence Creator", "air_creator"),
        ("air", "Image Display", "air_display"),
        ("air", "Image Manager, Image Archive", "air_store"),
        ("aira", "-", "aira_none"),
        ("aiw", "-", "aiw_none"),
        ("swf", "Evidence Creator", "swf_some"),
        ("atna", "Secure Node", "atna_some"),
    )
    yield Section(
        t("papers.ihe.profiles"),
        (*provenance_lines(subject, t), t("papers.ihe.note")),
        _heads(t, "name", "actor", "offered"),
        tuple((t(f"papers.ihe.{profile}"), actor, t(f"papers.ihe.{said}")) for profile, actor, said in rows),
    )


def _services(t: Texts) -> Iterator[tuple[str, ...]]:
    yes, no = t("terms.yes"), "-"
    yield VERIFICATION.name, str(VERIFICATION), no, yes
    for sop_class in SOP_CLASSES:
        sent = yes if sop_class in MADE.values() else no
        yield sop_class.name, str(sop_class), sent, yes
    for sop_class in dict.fromkeys(MADE.values()):
        if sop_class not in SOP_CLASSES:
            yield sop_class.name, str(sop_class), yes, no


def _destinations(subject: Subject, t: Texts) -> Iterator[tuple[str, str]]:
    if not subject.node.send.to:
        yield "-", t("papers.dicom.no_destination")
    for one in subject.node.send.to:
        where = f"{one.ae_title}@{one.host}:{one.port}" if isinstance(one, CStoreDestination) else one.url
        objects = ", ".join(one.objects or USUAL)
        said = t("papers.dicom.destination", kind=one.kind, where=where, objects=objects, timeout=one.timeout)
        yield one.name, said


def _http(t: Texts) -> Section:
    if importlib.util.find_spec("fastapi") is None:
        return Section(t("papers.dicom.http"), (t("papers.dicom.http_missing"),))
    return Section(t("papers.dicom.http"), (), _heads(t, "method", "path"), tuple(routes()))


def routes() -> list[tuple[str, str]]:
    """Methods and paths of the workbench's HTTP interface, sorted by path; needs the extra `web`."""
    from fastapi.routing import APIRoute

    from neumo.web.app import ROUTERS

    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    rows = {(", ".join(sorted(route.methods or ())), route.path) for route in found}
    return sorted({*rows, ("GET", "/healthz")}, key=lambda row: (row[1], row[0]))


def _heads(t: Texts, *names: str) -> tuple[str, ...]:
    own = {"service", "user", "provider"}
    return tuple(t(f"papers.dicom.{name}" if name in own else f"papers.columns.{name}") for name in names)


def _yes(value: bool, t: Texts) -> str:
    return t("terms.yes") if value else t("terms.no")
