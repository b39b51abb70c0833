"""The pixel server as an ASGI application: the same answer for every token, and an event for a good one."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mailpipe.mail import pixel
from mailpipe.mail.pixel import Purpose
from mailpipe.track.buffer import Buffer
from mailpipe.track.classify import Network, Request, Verdict, agent_shown, classify, shortened, within
from mailpipe.track.flood import Flood
from mailpipe.wire.trackdb import Open

# One transparent point; GIF89a, 43 octets.
GIF = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
FRESH = {
    "Cache-Control": "no-store, no-cache, must-revalidate, private, max-age=0",
    "Expires": "0",
    "Pragma": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
READS = ("GET", "HEAD")
_GIF_FIELDS = [
    *((name.lower().encode(), value.encode()) for name, value in FRESH.items()),
    (b"content-type", b"image/gif"),
    (b"content-length", str(len(GIF)).encode()),
]
ONE_CLICK = b"List-Unsubscribe=One-Click"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="robots" content="noindex">
<title>Unsubscribe</title><body style="font:1rem sans-serif;max-width:30rem;margin:4rem auto">
"""
ASK = f"""{PAGE}<p>Do you want no more mail of this kind?</p>
<form method="post"><button name="List-Unsubscribe" value="One-Click">Unsubscribe</button></form>
"""
DONE = f"{PAGE}<p>You are unsubscribed.</p>\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Whom to believe: the keys of tokens, our own networks, who may read the metrics; and the time."""

    keys: Sequence[bytes]
    own: Sequence[Network]
    observers: Sequence[Network]
    behind_proxy: bool
    clock: Callable[[], float]  # seconds since the epoch


class Server:
    """The endpoints; what is done with a token is done after the answer, so that it tells nothing."""

    def __init__(self, policy: Policy, buffer: Buffer) -> None:
        self._policy = policy
        self._buffer = buffer
        self._flood = Flood()
        self.counts: Counter[str] = Counter()

    def app(self) -> ASGIApp:
        """The application."""
        inner = self._others()

        async def application(scope: Scope, receive: Receive, send: Send) -> None:
            # Nearly all requests are for a pixel: they take the short way.
            if scope["type"] == "http" and scope["path"].startswith("/o/") and scope["method"] in READS:
                await self.pixel(scope, receive, send)
            else:
                await inner(scope, receive, send)

        return application

    def _others(self) -> Starlette:
        made = Starlette(
            routes=[
                Route("/o/{token:path}", self.busy, methods=["GET"]),  # what comes here has another method
                Route("/u/{token:path}", self.unsubscribe, methods=["GET", "POST"]),
                Route("/health", self.health, methods=["GET"]),
                Route("/metrics", self.metrics, methods=["GET"]),
            ]
        )
        made.router.redirect_slashes = False  # a redirection would repeat what the client calls us
        return made

    async def pixel(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The picture; everything that depends on the token comes after it."""
        if not self._buffer.has_room:
            await self._busy()(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": _GIF_FIELDS})
        await send({"type": "http.response.body", "body": GIF})
        facts = _facts(scope)
        token = scope["path"].removeprefix("/o/").removesuffix(".gif")
        verdict = classify(facts, self._policy.own)
        crowded = self._flood.is_over(shortened(facts.address), int(self._policy.clock() // 60))
        if crowded and verdict.class_ == "human":
            verdict = Verdict("scanner", "too-many-from-network")
        self._note(token, "open", facts, verdict)

    async def busy(self, _request: HttpRequest) -> Response:
        """Nothing is answered that could not be kept."""
        return self._busy()

    async def unsubscribe(self, request: HttpRequest) -> Response:
        """A form for people, who follow links; scanners do so too, so only POST unsubscribes (RFC 8058)."""
        if request.method != "POST":
            return HTMLResponse(ASK, headers=FRESH)
        if not self._buffer.has_room:
            return self._busy()
        try:
            body = await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        if ONE_CLICK not in body and b'name="List-Unsubscribe"' not in body:
            return PlainTextResponse("List-Unsubscribe=One-Click is missing\n", 400, headers=FRESH)
        response = HTMLResponse(DONE, headers=FRESH)
        response.background = BackgroundTask(self._unsubscribed, request)
        return response

    async def health(self, _request: HttpRequest) -> Response:
        """Whether opens are being written."""
        if self._buffer.failing or not self._buffer.has_room:
            return PlainTextResponse("the database cannot be written\n", 503, headers=FRESH)
        return PlainTextResponse("ok\n", headers=FRESH)

    async def metrics(self, request: HttpRequest) -> Response:
        """Counts for Prometheus; not for everybody, because they tell whether a token was good."""
        forwarded = {"x-forwarded-for", "forwarded"} & set(request.headers)
        seen = (forwarded and not self._policy.behind_proxy) or not within(
            _facts(request.scope).address, self._policy.observers
        )
        if seen:
            return PlainTextResponse("Not Found", 404)
        gauges = {"rows_waiting": self._buffer.waiting, "failing": int(self._buffer.failing)}
        return PlainTextResponse(exposed(self.counts, self._buffer.written, gauges), headers=FRESH)

    def _busy(self) -> Response:
        self.counts["busy"] += 1
        return PlainTextResponse("try later\n", 503, headers={**FRESH, "Retry-After": "10"})

    async def _unsubscribed(self, request: HttpRequest) -> None:
        token = request.path_params["token"]
        self._note(token, "unsubscribe", _facts(request.scope), Verdict("human", "one-click"))

    def _note(self, token: str, purpose: Purpose, facts: Request, verdict: Verdict) -> None:
        known = pixel.read(token, self._policy.keys, purpose)
        if known is None:
            self.counts["unknown"] += 1
            return
        now = self._policy.clock()
        self.counts[f"{purpose}:{verdict.class_}"] += 1
        self._buffer.take(
            Open(
                id=known,
                kind=purpose,
                class_=verdict.class_,
                rule=verdict.rule,
                minute=int(now // 60),
                first_at=now,
                last_at=now,
                ip=shortened(facts.address),
                agent=agent_shown(facts.field(b"user-agent")),
            )
        )


def _facts(scope: Scope) -> Request:
    client = scope.get("client")
    return Request(scope["method"], client[0] if client else "", scope["headers"])


def exposed(counts: Mapping[str, int], written: int, gauges: Mapping[str, int]) -> str:
    """Prometheus' text format, version 0.0.4."""
    lines = ["# TYPE mailpipe_track_events_total counter"]
    for name, count in sorted(counts.items()):
        kind, _, class_ = name.partition(":")
        lines.append(f'mailpipe_track_events_total{{kind="{kind}",class="{class_}"}} {count}')
    lines += ["# TYPE mailpipe_track_written_total counter", f"mailpipe_track_written_total {written}"]
    for name, value in gauges.items():
        lines += [f"# TYPE mailpipe_track_{name} gauge", f"mailpipe_track_{name} {value}"]
    return "\n".join(lines) + "\n"
