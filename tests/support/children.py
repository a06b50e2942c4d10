"""Child processes of tests, by name: answer, print, hang, fill memory, die."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neumo.core.child import Handler
from neumo.core.errors import ConfigError


def open_child(settings: Mapping[str, Any]) -> tuple[Mapping[str, Any], Handler]:
    match settings.get("start"):
        case "refuse":
            raise ConfigError("a setting is wrong")
        case "die":
            os._exit(3)
        case "noise":
            os.write(1, b"noise" * 1000)
    return {"pid": os.getpid(), "settings": dict(settings)}, answer


def answer(request: Mapping[str, Any], payload: bytes) -> tuple[Mapping[str, Any], bytes]:
    match request["do"]:
        case "echo":
            return {"pid": os.getpid(), "said": request.get("say")}, payload
        case "noise":
            sys.stdout.write("noise\n" * 10_000)
            sys.stdout.flush()
            sys.stderr.write("noise\n" * 10_000)
            os.write(1, b"\x00\xff" * 100_000)
            os.write(2, b"\x00\xff" * 100_000)
            return {"said": sys.stdin.read()}, b""
        case "raise":
            raise ValueError("the patient's name")
        case "fill":
            return {"filled": len(b"x" * request["bytes"])}, b""
        case "keep":
            kept = b"x" * request["bytes"]
            time.sleep(3600)
            return {"kept": len(kept)}, b""
        case "bad_alloc":
            raise RuntimeError("[ONNXRuntimeError] : 6 : std::bad_alloc")
        case "crash":
            os.abort()
        case "sleep":
            Path(request["mark"]).touch()
            time.sleep(3600)
        case "hang":  # in foreign code that does not give the interpreter's lock back
            Path(request["mark"]).touch()
            ctypes.PyDLL(None).sleep(3600)
        case "stop":
            Path(request["mark"]).touch()
            os.kill(os.getpid(), signal.SIGSTOP)
        case "large":
            return {}, bytes(request["bytes"])
    raise AssertionError(request)
