"""An invitation from the command line: the first account of a programme, or a new password where nobody can help."""

from launch.context import make_context
from launch.parts import app_address
from launch.settings import Settings
from programme import invitation
from programme.invitation import NotAnEmailError
from storage.enums import Role


class NoRoleError(ValueError):
    """The role must be one of worker, trainer, lead, manager. For example: make account EMAIL=sam@example.org
    ROLE=manager"""


def make_account(settings: Settings, email: str, role: str) -> str:
    """The address at which the account gets its name and password. Raises NoRoleError, NotAnEmailError."""
    if role not in list(Role):
        raise NoRoleError(NoRoleError.__doc__)
    ctx = make_context(settings)
    try:
        token = invitation.invite(ctx, None, email, Role(role))
    finally:
        ctx.database.close()
    return f"{settings.public_url or app_address(settings)}/console/invite/{token}"


__all__ = ["NoRoleError", "NotAnEmailError", "make_account"]
