"""Several servers of Rasa take turns by locks that Redis keeps."""

from __future__ import annotations

import concurrent.futures
import socketserver
import threading


class SmallRedis(socketserver.ThreadingTCPServer):
    """As much of Redis as our locks use, in its own protocol: SET if there is none, and delete if it is mine."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _RedisTalk)
        self.kept: dict[bytes, bytes] = {}
        self.taken = self.refused = 0
        self.alone = threading.Lock()


class _RedisTalk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline():
            words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
            with self.server.alone:
                self.wfile.write(self.answer(words[0].upper(), words[1:]))

    def answer(self, command: bytes, words: list[bytes]) -> bytes:
        server = self.server
        if command == b"SET":
            assert words[2:] == [b"EX", b"60", b"NX"]
            if words[0] in server.kept:
                server.refused += 1
                return b"$-1\r\n"
            server.kept[words[0]] = words[1]
            server.taken += 1
        elif command == b"EVAL":
            mine = server.kept.get(words[2]) == words[3]
            if mine:
                del server.kept[words[2]]
            return b":%d\r\n" % mine
        return b"+OK\r\n"


def test_two_servers_take_turns_by_redis_locks(make_server):
    with SmallRedis() as redis:
        threading.Thread(target=redis.serve_forever, daemon=True).start()
        address = f"redis://127.0.0.1:{redis.server_address[1]}/1"
        servers = [make_server(REDIS_URL=address), make_server(REDIS_URL=address)]
        for server in servers:
            server.start()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            said = list(pool.map(lambda n: servers[n % 2].turn("c", "t1", "json"), range(8)))
        assert [one["ok"] for one in said] == [True] * 8
        assert [one["replayed"] for one in said].count(False) == 1
        assert redis.taken == 8
        assert redis.refused > 0
        assert not redis.kept  # each lock is given back
        redis.shutdown()


def test_a_redis_that_is_gone_fails_the_turn(make_server):
    server = make_server(REDIS_URL="redis://127.0.0.1:9")
    server.start()
    assert server.turn("c", "t1", "hello") == {"ok": False, "turn": "t1", "reason": "busy"}
