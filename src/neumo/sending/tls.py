"""TLS contexts of the Storage SCP and SCU (PS3.15 annex B, BCP 195 profile: TLS 1.2 and later)."""

import ssl

from neumo.core.errors import NodeError
from neumo.sending.destinations import TlsConfig


def server_context(config: TlsConfig) -> ssl.SSLContext:
    """Return the Storage SCP's context; where `ca` is set, senders need a certificate of it. Raises NodeError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _load(context, config)
    if config.ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def client_context(config: TlsConfig) -> ssl.SSLContext:
    """Return the Storage SCU's context, which verifies the archive's certificate and host name. Raises NodeError."""
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    _load(context, config)
    return context


def _load(context: ssl.SSLContext, config: TlsConfig) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.certificate, config.key)
        if config.ca is not None:
            context.load_verify_locations(config.ca)
    except (OSError, ssl.SSLError) as error:
        raise NodeError(
            "tls: {certificate}, {key} or {ca} cannot be used ({error}); give PEM files",
            certificate=config.certificate,
            key=config.key,
            ca=config.ca,
            error=error,
        ) from error
