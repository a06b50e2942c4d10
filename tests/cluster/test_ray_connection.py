"""Whatever Ray raises where it cannot be had becomes one sentence."""

from errno import EACCES

import pytest
import ray

from neumo.cluster.ray_connection import connected
from neumo.core.errors import ClusterError


@pytest.mark.parametrize(
    "error", [Exception("The current node timed out during startup."), OSError(), TimeoutError()]
)
def test_a_ray_that_does_not_start_is_said_so(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(**_settings: object) -> None:
        raise error

    monkeypatch.setattr(ray, "init", fail)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_BACKEND_LOG_LEVEL", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "")  # restored afterwards
    with pytest.raises(ClusterError, match="Ray: did not start on this machine"), connected(None):
        pass
    with pytest.raises(ClusterError, match="no cluster answers at auto"), connected("auto"):
        pass


def test_a_folder_for_temporary_files_that_cannot_be_written_is_told_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**_settings: object) -> None:
        raise PermissionError(EACCES, "Permission denied", "/tmp/ray")

    monkeypatch.setattr(ray, "init", fail)
    for name in ("RAY_USAGE_STATS_ENABLED", "RAY_BACKEND_LOG_LEVEL", "RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, "")  # restored afterwards
    told = r"temporary files cannot be written \(.*/tmp/ray.*set TMPDIR"
    with pytest.raises(ClusterError, match=told), connected(None):
        pass
