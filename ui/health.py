"""Liveness and readiness for load balancers and operators. Knows no models and no SQL; it asks the desk."""

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import JSONResponse

from ui.errors import report_failure
from ui.services import HealthCheck


def health_routes(health: HealthCheck) -> APIRouter:
    """``/healthz`` says that the process lives; ``/readyz`` whether it can serve, with 503 where it can't."""
    router = APIRouter()

    @router.get("/healthz")
    async def alive() -> JSONResponse:
        return JSONResponse({"status": "alive"})

    @router.get("/readyz")
    async def ready() -> JSONResponse:
        try:
            state = dict(await anyio.to_thread.run_sync(health))
        except Exception as error:  # noqa: BLE001 - a check that fails means "not ready", whatever failed
            state = {"ready": False, "reference": report_failure(error)}
        status = 200 if state.get("ready") is True else 503
        headers = {"Retry-After": "5"} if status == 503 else {}
        return JSONResponse(state, status_code=status, headers=headers)

    return router
