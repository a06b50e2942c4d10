"""Problems that each operation of the API may answer, for its OpenAPI document."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from neumo.web.http.problems import Problem, problem_body

STATUS: Final[Mapping[str, int]] = {
    "bad_request": 400,
    "not_logged_in": 401,
    "wrong_password": 401,
    "bad_token": 401,
    "elsewhere_failed": 401,
    "not_allowed": 403,
    "patients_hidden": 403,
    "not_yours": 403,
    "unknown_person": 403,
    "csrf": 403,
    "cross_site": 403,
    "not_found": 404,
    "data_absent": 404,
    "slow": 408,
    "withheld": 409,
    "other_bundle": 409,
    "no_answer": 409,
    "no_pixels": 409,
    "no_finding": 409,
    "undetermined": 409,
    "finished": 409,
    "no_object": 409,
    "undecided": 409,
    "no_pacs": 409,
    "not_verified": 409,
    "not_refused_for_age": 409,
    "no_local_images": 409,
    "no_table": 409,
    "commissioning_runs": 409,
    "not_accepted": 409,
    "pixels_deleted": 410,
    "nothing_kept": 410,
    "purged": 410,
    "original_deleted": 410,
    "decided_meanwhile": 412,
    "too_large": 413,
    "too_many_files": 413,
    "unsupported_media_type": 415,
    "wrong_host": 421,
    "invalid": 422,
    "unreadable": 422,
    "not_dicom": 422,
    "revision_required": 428,
    "too_many_attempts": 429,
    "internal": 500,
    "not_installed": 501,
    "pacs_unavailable": 502,
    "pacs_refused": 502,
    "busy": 503,
    "overloaded": 503,
    "archive_unavailable": 503,
    "stopping": 503,
    "pacs_busy": 503,
    "elsewhere_unavailable": 503,
    "server_fault": 503,
    "unavailable": 503,
    "disk_full": 507,
}
"""Problems by their code, with their HTTP status."""
_MEMBERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "decided_meanwhile": {"revision": 2, "decisions": []},
    "too_large": {"limit": 268435456},
    "too_many_files": {"limit": 100},
    "invalid": {"errors": [{"field": "limit", "message": "must be at most 500"}]},
    "unreadable": {"reasons": [{"code": "not_an_image", "text": "This is no image.", "values": {}}]},
    "too_many_attempts": {"seconds": 4},
    "internal": {"reference": "5f3a91c0"},
    "not_installed": {"extra": "parquet"},
    "unavailable": {"archive": False, "readers": 0},
    **{
        code: {"destination": "pacs", "reason": "no association"}
        for code in ("pacs_unavailable", "pacs_refused", "pacs_busy")
    },
}
"""Further members of some, as examples."""
_EVERYWHERE: Final = ("overloaded", "internal")
_PERSON: Final = ("not_logged_in", "bad_token", "not_allowed", "archive_unavailable")
_CHANGING: Final = ("csrf", "cross_site", "bad_request", "too_large", "slow")
_OPEN: Final = (
    "/healthz",
    "/api/session",
)
"""Beginnings of addresses that ask for nobody."""
_STATED: Final = ("no_answer", "other_bundle", "withheld", "purged")
_UPLOAD: Final = ("unreadable", "server_fault", "busy", "stopping", "disk_full")
_OF_PATH: Final[Mapping[str, tuple[str, ...]]] = {
    "GET /healthz": ("unavailable",),
    "POST /api/session": ("wrong_password", "too_many_attempts", "not_found", "csrf", "cross_site"),
    "GET /api/session/oidc": ("not_found", "elsewhere_unavailable"),
    "GET /api/session/oidc/callback": ("elsewhere_failed", "unknown_person", "elsewhere_unavailable", "not_found"),
    "POST /api/readings": (*_UPLOAD, "too_many_files", "unsupported_media_type"),
    "POST /api/readings/search": ("patients_hidden",),
    "POST /api/readings/{identifier}/neighbours": ("patients_hidden",),
    "POST /api/export": ("patients_hidden", "not_installed"),
    "GET /api/export": ("not_installed",),
    "POST /api/readings/{identifier}/age-override": (*_UPLOAD, "not_refused_for_age", "purged", "original_deleted"),
    "POST /api/readings/{identifier}/removal": ("not_yours", "purged"),
    "PUT /api/drafts/{kind}/{reading}": ("purged",),
    "DELETE /api/jobs/{identifier}": ("finished",),
    "GET /api/readings/{identifier}/image.png": ("no_pixels", "pixels_deleted", "purged"),
    "GET /api/readings/{identifier}/image.pgm": ("no_pixels", "pixels_deleted", "purged"),
    "GET /api/readings/{identifier}/heatmap.png": ("withheld", "no_answer", "pixels_deleted", "purged"),
    "GET /api/readings/{identifier}/posterior": _STATED,
    "GET /api/readings/{identifier}/files/{name}": (
        *_STATED, "patients_hidden", "no_object", "undecided", "pixels_deleted", "nothing_kept", "not_dicom",
        "not_installed", "server_fault", "busy",
    ),
    "POST /api/readings/{identifier}/decisions": (
        "revision_required", "decided_meanwhile", "withheld", "no_finding", "undetermined",
    ),
    "POST /api/readings/{identifier}/send": (
        *_STATED, "patients_hidden", "no_pacs", "not_verified", "pixels_deleted", "nothing_kept", "not_dicom",
        "not_installed", "pacs_unavailable", "pacs_refused", "pacs_busy", "server_fault", "busy",
    ),
    "GET /api/runs/{name}/images/{part}/{index}.png": ("data_absent", "unreadable", "server_fault", "busy"),
    "GET /api/runs/{name}/thresholds": ("not_installed",),
    "GET /api/runs/{name}/predictions": ("not_installed",),
    "GET /api/runs/{name}/subgroups": ("not_installed", "busy"),
    "GET /api/compare": ("not_installed", "busy", "not_found"),
    "GET /api/runs": ("not_found",),
    "POST /api/commissioning/plan": ("not_installed",),
    "GET /api/commissioning/template": ("not_installed", "no_local_images", "invalid"),
    "GET /api/commissioning/table": ("not_found",),
    "POST /api/commissioning/table": (
        "not_installed", "no_local_images", "invalid", "unsupported_media_type", "too_many_files", "disk_full",
    ),
    "POST /api/commissioning/table/decisions": ("not_installed", "no_local_images", "invalid"),
    "POST /api/commissioning/runs": ("not_installed", "no_local_images", "no_table", "commissioning_runs"),
    "DELETE /api/commissioning/runs": ("finished",),
    "POST /api/commissioning/runs/{run}/acceptance": ("not_installed",),
    "POST /api/commissioning/runs/{run}/signature": ("not_installed", "not_accepted"),
    "GET /api/commissioning/runs/{run}/files/{name}": ("not_accepted",),
}  # fmt: skip
"""Problems beyond those that follow from an operation's method, address and parameters."""


def errors_of(method: str, path: str, *, takes_values: bool) -> dict[int, tuple[str, ...]]:
    """Return the codes of problems that an operation may answer, by status.

    Parameters
    ----------
    method, path : str
        Such as "GET", "/api/readings/{identifier}".
    takes_values : bool
        Whether it has parameters or a body, which may be wrong.
    """
    found = [*_EVERYWHERE, *_OF_PATH.get(f"{method} {path}", ())]
    if not path.startswith(_OPEN) or (method, path) == ("DELETE", "/api/session"):
        found += _PERSON
    if method not in ("GET", "HEAD"):
        found += _CHANGING
    if takes_values:
        found.append("invalid")
    if "{" in path:
        found.append("not_found")
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(found):
        by_status.setdefault(STATUS[code], []).append(code)
    return {status: tuple(codes) for status, codes in sorted(by_status.items())}


def error_examples(codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return problems in English as OpenAPI's examples, by code."""
    problems = (Problem(STATUS[code], code, **_MEMBERS.get(code, {})) for code in codes)
    return {problem.code: {"value": problem_body(problem, "en")} for problem in problems}
