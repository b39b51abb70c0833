"""parse as a process."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import Run, Shell
from tests.parse.messages import ALL, PLAIN, RICH


@pytest.mark.parametrize(
    "raw", [*ALL, b"x", b"\xff" * 100, b"\0", b"Content-Type: multipart/mixed; boundary=\n\n"]
)
def test_one_message_in_is_one_record_out_with_status_0(run: Run, raw: bytes) -> None:
    result = run(["parse"], stdin=raw)

    assert (len(result.records), result.stderr, result.status) == (1, "", 0)


def test_attachments_are_kept_as_files(run: Run, tmp_path: Path) -> None:
    [record] = run(["parse", "--attachments", "files"], stdin=RICH).records

    for attachment in record["attachments"]:
        octets = (tmp_path / attachment["path"]).read_bytes()
        assert attachment["blobId"] == "sha256:" + sha256(octets).hexdigest()
        assert "content" not in attachment


def test_content_is_left_out_on_request(run: Run) -> None:
    [record] = run(["parse", "--no-content"], stdin=RICH).records

    assert [set(attachment) & {"content", "path"} for attachment in record["attachments"]] == [set()] * 5


def test_decimals_stay_exact(run: Run) -> None:
    assert b'"price":1.10' in run(["parse"], stdin=RICH).stdout


def test_a_vocabulary_names_the_fields(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.yaml").write_text("fields:\n  plate_number: [immatriculation]\n")

    [record] = run(["parse", "--vocabulary", "words.yaml"], stdin=PLAIN).records

    assert record["data"] == {"plate_number": "AB-123", "statut": "fait"}


def test_a_ref_is_verified_with_the_key_of_its_account(run: Run, tmp_path: Path) -> None:
    from mailpipe.mail.identity import Identity, keyring

    address = Identity("mail-api", "example.com", keyring("hush")).address("42")
    raw = PLAIN.replace(b"mail-api+42@example.com", address.encode())
    (tmp_path / "config.yaml").write_text(
        "app: mail-api\ndomain: example.com\n"
        "accounts:\n  one: {refKey: {env: ONE}}\n  two: {refKey: {env: TWO}}\n"
    )
    (tmp_path / "a.eml").write_bytes(raw)

    def verified(account: str) -> bool:
        args = ["parse", "--config", "config.yaml", "--account", account, "a.eml"]
        [record] = run(args, env={"ONE": "hush", "TWO": "other"}).records
        return bool(record["ref"]["verified"])

    assert (verified("one"), verified("two")) == (True, False)


def test_files_need_no_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(PLAIN)

    assert [record["size"] for record in run(["parse", "a.eml", "a.eml"]).records] == [len(PLAIN)] * 2


def test_a_missing_file_is_status_66(run: Run) -> None:
    result = run(["parse", "missing.eml"])

    assert (result.status, result.records[-1]["error"]["type"]) == (66, "no-input")


@pytest.mark.parametrize("size", ["", "x", "-1", "5Q"])
def test_a_size_that_is_none_is_a_usage_error(run: Run, size: str) -> None:
    assert run(["parse", "--max-size", size]).status == 64


def test_an_mbox_in_a_pipe_is_a_record_for_each_message(sh: Shell) -> None:
    line = "From a@example.com Fri Nov 20 09:12:44 2026"

    result = sh(
        f"printf '{line}\\nSubject: 1\\n\\none\\n\\n{line}\\nSubject: 2\\n\\ntwo\\n' | mailpipe parse"
    )

    assert [(record["subject"], record["text"]) for record in result.records] == [
        ("1", "one\n"),
        ("2", "two\n"),
    ]


def test_plain_text_loads_no_library_for_html_or_yaml(sh: Shell) -> None:
    script = (
        "import sys; sys.argv = ['mailpipe', 'parse']\n"
        "from mailpipe.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "costly = {'lxml', 'bs4', 'bleach', 'yaml', 'email', 'ssl', 'jinja2'}\n"
        "print(costly & set(sys.modules), file=sys.stderr)\n"
    )
    result = sh(f"printf 'Subject: x\\n\\nhello\\n' | python -c \"{script}\"")

    assert json.loads(result.stdout)["text"] == "hello\n"
    assert result.stderr == "set()\n"


def test_safe_html_is_given_on_request(run: Run) -> None:
    [record] = run(["parse", "--safe-html"], stdin=RICH).records
    [without] = run(["parse", "--safe-html"], stdin=PLAIN).records

    assert record["safeHtml"] == "<p>plate: <b>AB-123</b></p>"
    assert without["safeHtml"] is None
    assert "safeHtml" not in run(["parse"], stdin=RICH).records[0]
