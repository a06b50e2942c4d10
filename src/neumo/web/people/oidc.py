"""Logging in with an account elsewhere: OpenID Connect Core 1.0, authorization code flow with PKCE (RFC 7636)."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from neumo.core.keys import read_secret
from neumo.core.logging import fault
from neumo.web.config import OidcConfig
from neumo.web.http.problems import Problem, not_installed

if TYPE_CHECKING:
    from authlib.integrations.requests_client import OAuth2Session

_SECONDS: Final = 10
_LEEWAY: Final = 60
"""Seconds by which the provider's clock may differ."""
_ALGORITHMS: Final = ("RS256", "PS256", "ES256")
_ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What ties the provider's answer to the browser that asked; for the browser to keep, signed."""

    state: str
    nonce: str
    verifier: str


def begin(config: OidcConfig, redirect_uri: str) -> tuple[str, Attempt]:
    """Return the provider's address that the browser shall go to. Raises Problem."""
    attempt = Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))
    with _session(config, redirect_uri) as session:
        endpoints = _discovered(session, config.issuer)
        address, _ = session.create_authorization_url(
            endpoints["authorization_endpoint"],
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
        )
    return str(address), attempt


def finish(config: OidcConfig, redirect_uri: str, attempt: Attempt, query: Mapping[str, str]) -> str:
    """Return the name by which the provider knows who logged in there.

    Parameters
    ----------
    query : mapping
        Of the address to which the provider sent the browser back.

    Raises
    ------
    Problem
        `elsewhere_failed` where the answer is none to `attempt`, or the provider's token is not to be trusted.
    """
    if not query.get("code") or not secrets.compare_digest(
        query.get("state", "").encode(), attempt.state.encode()
    ):
        raise Problem(401, "elsewhere_failed")
    with _session(config, redirect_uri) as session:
        endpoints = _discovered(session, config.issuer)
        try:
            token = session.fetch_token(
                endpoints["token_endpoint"], code=query["code"], code_verifier=attempt.verifier
            )
            keys = session.get(endpoints["jwks_uri"], withhold_token=True).json()
            claims = _claims(str(token["id_token"]), keys, config, attempt.nonce)
        except (
            Exception
        ) as error:  # of the network, of the provider, of the token: its words may name a person
            fault("login_elsewhere_failed", error)
            raise Problem(401, "elsewhere_failed") from error
    name = claims.get(config.claim)
    unproven = config.claim == "email" and claims.get("email_verified") is not True
    if not isinstance(name, str) or not name or unproven:
        raise Problem(401, "elsewhere_failed")
    return name.lower()


def client_secret(config: OidcConfig) -> str:
    """Read the client's secret. Raises ConfigError."""
    return read_secret(config.secret_file, "oidc.secret_file")


def _session(config: OidcConfig, redirect_uri: str) -> "OAuth2Session":
    try:
        from authlib.integrations.requests_client import OAuth2Session
    except ImportError as error:
        raise not_installed("oidc") from error
    return OAuth2Session(
        config.client_id,
        client_secret(config),
        scope=" ".join(config.scopes),
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
        default_timeout=_SECONDS,
    )


def _discovered(session: "OAuth2Session", issuer: str) -> dict[str, str]:
    """Return the provider's addresses (OpenID Connect Discovery 1.0 section 4). Raises Problem."""
    try:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        told: dict[str, Any] = session.get(address, withhold_token=True).json()
        if told["issuer"] != issuer:
            raise ValueError("the provider calls itself by another name")
        found = {name: str(told[name]) for name in _ENDPOINTS}
        for endpoint in found.values():
            require_safe(endpoint)
    except Exception as error:  # of the network, or of what the provider says
        fault("provider_unusable", error)
        raise Problem(503, "elsewhere_unavailable", retry_after=10) from error
    return found


def require_safe(address: str) -> None:
    """Raise ValueError where others could listen to what is said to an address."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("use https")


def _claims(token: str, keys: Any, config: OidcConfig, nonce: str) -> Mapping[str, Any]:
    """Return what an ID token claims, verified (OpenID Connect Core 1.0 section 3.1.3.7)."""
    from joserfc import jwt
    from joserfc.jwk import KeySet

    verified = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
    registry = jwt.JWTClaimsRegistry(
        leeway=_LEEWAY,
        iss={"essential": True, "value": config.issuer},
        aud={"essential": True, "value": config.client_id},
        exp={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    registry.validate(verified.claims)
    if verified.claims.get("azp", config.client_id) != config.client_id:
        raise ValueError("the token is for another program")
    return verified.claims
