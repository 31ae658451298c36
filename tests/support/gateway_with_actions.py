"""A gateway whose tools are those of tests/support/action_tools.py, at the system ACTION_SYSTEM."""

import os
import sys

from fastapi import APIRouter

from gateway import app
from gateway.__main__ import main
from gateway.actions.proposals import Actions
from gateway.actions.store import ActionStore
from gateway.actions.worker import ActionWorker
from gateway.api.actions import actions_router
from gateway.api.dependencies import RouteLimits
from gateway.api.desk_actions import desk_actions_router
from gateway.composition import lifecycle
from gateway.composition.services import Services
from gateway.server.supervisor import Work
from tests.support.action_parts import tools_at

routers_without, tasks_without = app.api_routers, lifecycle.background_tasks
workers: list[ActionWorker] = []


def api_routers(services: Services) -> list[APIRouter]:
    store = ActionStore(services.storage.database)
    tools = tools_at(os.environ["ACTION_SYSTEM"])
    workers.append(ActionWorker(store, tools, services.metrics))
    actions = Actions(store, tools, services.metrics, services.settings.action_expires)
    short = services.throttling.short_limits
    limits = RouteLimits(
        limit=short.shared_limit(services.settings.rate_limit_api, scope="api"),
        charge=short.charge,
    )
    return [
        actions_router(actions, limits),
        desk_actions_router(actions, limits),
        *routers_without(services),
    ]


def background_tasks(services: Services) -> list[tuple[str, Work]]:
    return [*tasks_without(services), *(("actions", worker.run) for worker in workers)]


app.api_routers = api_routers
lifecycle.background_tasks = background_tasks

if __name__ == "__main__":
    sys.exit(main())
