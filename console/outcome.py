"""What comes of a form whose use case may refuse: the words for either stand on the page that follows."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages


@dataclass(frozen=True)
class Outcomes:
    """The words' file of an area, its refusals by their codes, and the error that means: there is no such record."""

    area: str
    refusals: Mapping[type[Exception], str]
    missing: type[Exception]

    async def of(self, request: Request, do: Callable[[], tuple[str, str]], at: str) -> Response:
        """Does it in a thread. `do` gives where to go and the code of what is said there; after a refusal, to `at`."""
        try:
            to, code = await asyncio.to_thread(do)
        except self.missing:
            raise HTTPException(404) from None
        except tuple(self.refusals) as error:
            return pages.redirect(request, at, said=f"{self.area}.{self.refusals[type(error)]}", tone="bad")
        return pages.redirect(request, to, said=f"{self.area}.{code}")
