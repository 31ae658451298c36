"""The composition root: `create_app(settings)` builds everything and fails at the start, not at
the first request. It alone knows all parts; each router and layer gets its parts by name."""

from fastapi.routing import APIRoute
from starlette.middleware import Middleware

from gateway import __version__
from gateway.api.asgi_app import Gateway, ShortWay, through
from gateway.api.dependencies import RouteLimits
from gateway.api.desk_page import mount_desk_page
from gateway.api.static_page import mount_page
from gateway.auth.networks import ProxyTrust
from gateway.composition.build import build_services
from gateway.composition.lifecycle import running
from gateway.composition.routes import (
    api_routers,
    build_chat_router,
    failure_counter,
    sign_in_routers,
)
from gateway.composition.services import Services
from gateway.middleware.access_log import AccessLog
from gateway.middleware.authentication import Authentication
from gateway.middleware.cors import CORS
from gateway.middleware.errors import Errors, install_handlers
from gateway.middleware.request_limits import RequestLimits
from gateway.settings import Settings

SHORT_WAY = frozenset(("/v1/chat/completions", "/api/chat"))


def create_app(settings: Settings) -> Gateway:
    """The ASGI application. Raises WrongSettings."""
    services = build_services(settings)
    app = Gateway(
        title="SightDesk",
        version=__version__,
        lifespan=lambda _: running(services),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # a redirect would repeat the Host header that the client sent
    )
    install_handlers(app, services.throttling.short_limits.charge)
    chat, limits = build_chat_router(services), route_limits(services)
    for router in (chat, *api_routers(services, limits), *sign_in_routers(services, limits)):
        app.include_router(router)
    mount_desk_page(app, settings.frontend_dir, services.throttling.short_limits.charge)
    if settings.frontend_dir is not None:
        mount_page(app, settings.frontend_dir, services.access.origins)
    short_way = [
        route for route in chat.routes if isinstance(route, APIRoute) and route.path in SHORT_WAY
    ]
    app.before_stop = services.streams.stop
    app.entrance = through(middleware(services, app), ShortWay(app.by_fastapi, short_way))
    return app


def route_limits(services: Services) -> RouteLimits:
    short_limits = services.throttling.short_limits
    return RouteLimits(
        limit=short_limits.shared_limit(services.settings.rate_limit_api, scope="api"),
        charge=short_limits.charge,
    )


def middleware(services: Services, app: Gateway) -> tuple[Middleware, ...]:
    """The layers around all routes, outermost first."""
    settings, access, throttling = services.settings, services.access, services.throttling

    return (
        Middleware(
            AccessLog,
            metrics=services.metrics,
            trust=ProxyTrust(settings.trusted_proxies, settings.proxy_secret.get_secret_value()),
        ),
        # Around the errors: pages on other origins must be able to read them.
        Middleware(CORS, origins=access.origins),
        Middleware(Errors),
        Middleware(
            RequestLimits,
            allowed=settings.allowed_ips,
            origins=access.origins,
            body_memory=throttling.body_memory,
            max_body=settings.max_body_bytes,
        ),
        Middleware(
            Authentication,
            authenticator=access.authenticator,
            count_failure=failure_counter(services),
            exists=app.has_route,
        ),
    )
