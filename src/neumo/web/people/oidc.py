"""OpenID Connect login: Core 1.0, authorization code flow with PKCE (RFC 7636)."""

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
class LoginAttempt:
    """State, nonce and code verifier of a login; stored in the browser in a signed cookie."""

    state: str
    nonce: str
    verifier: str


def start_login(config: OidcConfig, redirect_uri: str) -> tuple[str, LoginAttempt]:
    """Return the provider's authorization URL to redirect the browser to. Raises Problem."""
    attempt = LoginAttempt(*(secrets.token_urlsafe(32) for _ in range(3)))
    with _session(config, redirect_uri) as session:
        endpoints = _discovered(session, config.issuer)
        address, _ = session.create_authorization_url(
            endpoints["authorization_endpoint"],
            state=attempt.state,
            nonce=attempt.nonce,
            code_verifier=attempt.verifier,
        )
    return str(address), attempt


def finish_login(
    config: OidcConfig, redirect_uri: str, attempt: LoginAttempt, query: Mapping[str, str]
) -> str:
    """Exchange the authorization code for an ID token, and return the verified name in it.

    Parameters
    ----------
    query : mapping
        Of the callback URL.

    Raises
    ------
    Problem
        `elsewhere_failed` where the state is not that of `attempt`, or the ID token is not valid.
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
        except Exception as error:  # network, provider or token; its message may name a person
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
    """Return the provider's endpoints (OpenID Connect Discovery 1.0 section 4). Raises Problem."""
    try:
        address = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
        told: dict[str, Any] = session.get(address, withhold_token=True).json()
        if told["issuer"] != issuer:
            raise ValueError("the provider states another issuer")
        found = {name: str(told[name]) for name in _ENDPOINTS}
        for endpoint in found.values():
            require_https(endpoint)
    except Exception as error:  # network or provider metadata
        fault("provider_unusable", error)
        raise Problem(503, "elsewhere_unavailable", retry_after=10) from error
    return found


def require_https(address: str) -> None:
    """Raise ValueError unless an address is HTTPS or loopback."""
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError("use https")


def _claims(token: str, keys: Any, config: OidcConfig, nonce: str) -> Mapping[str, Any]:
    """Return the claims of an ID token, verified (OpenID Connect Core 1.0 section 3.1.3.7)."""
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
        raise ValueError("the token is for another client")
    return verified.claims
