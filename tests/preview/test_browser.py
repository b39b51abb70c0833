"""The page in a real browser: it shows the mail, in which nothing can act or be fetched."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.preview.chromium import chromium
from tests.servers import need

BASE = """\
<html><head>
<meta http-equiv="refresh" content="0;url={url}/refresh">
<style>body {{ background: url({url}/style.png) }}
@media all {{ .x {{ background: url({url}/media.png) }} }}</style>
</head><body background="{url}/background.png">
<p class="x" style="background: url({url}/attribute.png)">x</p>
<img src="{url}/picture.png" alt="p"><img src="logo.png" alt="l">
<video poster="{url}/poster.png"></video><input type="image" src="{url}/input.png">
{{{{ content }}}}</body></html>
"""


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """A server on the loopback, and what it is asked for."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", paths
    server.shutdown()
    server.server_close()


@pytest.fixture
def page(run: Run, tmp_path: Path, asked: tuple[str, list[str]]) -> Path:
    need("chromium")
    (tmp_path / "base.html").write_text(BASE.format(url=asked[0]))
    logo = Path(__file__).parents[2] / "examples" / "vehicle-check" / "logo.png"
    (tmp_path / "logo.png").write_bytes(logo.read_bytes())
    front = "from: a@example.com\nto: b@example.com\nsubject: S\nbase: base.html"
    (tmp_path / "t.md").write_text(f"---\n{front}\n---\nHello {{{{ name }}}}")
    result = run(
        ["preview", "t.md", "--output", "page.html"], stdin=[{"name": "</iframe><script>alert(1)</script>"}]
    )
    assert (result.status, result.stderr) == (0, "")
    return tmp_path / "page.html"


def test_mail_in_the_page_asks_no_server(page: Path, tmp_path: Path, asked: tuple[str, list[str]]) -> None:
    chromium(page, tmp_path / "profile", "--virtual-time-budget=4000", "--dump-dom")
    assert asked[1] == []

    # The same mail on its own does ask: what keeps it from that is the page.
    mail = tmp_path / "mail.html"
    mail.write_text(BASE.format(url=asked[0]).replace("{{ content }}", ""))
    chromium(mail, tmp_path / "profile", "--virtual-time-budget=4000", "--dump-dom")
    assert "/picture.png" in asked[1]


def test_the_page_shows_the_mail_and_runs_nothing_of_it(page: Path, tmp_path: Path) -> None:
    dom = chromium(page, tmp_path / "profile", "--dump-dom")

    assert dom.count("<iframe") == 3
    assert dom.count('sandbox=""') == 3
    assert "<script" not in dom.replace("&lt;", "<").partition("srcdoc")[0]
    assert "data:image/png;base64," in dom


@pytest.mark.parametrize("flags", [(), ("--blink-settings=preferredColorScheme=0",)])
@pytest.mark.parametrize("size", ["1600,1000", "400,900"])
def test_the_page_is_painted_in_every_size_and_mode(
    page: Path, tmp_path: Path, size: str, flags: tuple[str, ...]
) -> None:
    shot = tmp_path / "shot.png"
    chromium(page, tmp_path / "profile", f"--window-size={size}", f"--screenshot={shot}", *flags)

    assert shot.stat().st_size > 10_000
