"""One desk for all the conversations of a run: the servers start once."""

from collections.abc import Iterator

import pytest

from tests.dialogue.desk import Desk


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    folder.chmod(0o700)
    desk = Desk(folder)
    yield desk
    desk.close()
