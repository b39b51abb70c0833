"""The configuration: checked key by key, secrets kept out of it, errors that say what to type."""

import os
from pathlib import Path

import pytest

from mailpipe.config import Secret, Settings, load, state_dir
from mailpipe.errors import ConfigError, MailpipeError, NotPermittedError

GOOD = """
app: mail-api
domain: example.com
accounts:
  partners:
    default: true
    from: Vehicle desk <mail-api@example.com>
    smtp: {url: "smtp://mail-api@mail.example.com:587", password: {command: [printf, "s3cret\\n"]}}
    imap: {url: "imaps://mail-api@mail.example.com", password: {file: password}, ca: ca.pem}
    folders: {processed: done}
    trust: {authservIds: [mx.example.com]}
    refKey: {env: REF_KEY}
  other: {}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(GOOD)
    path.chmod(0o600)
    return path


def problem(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value)


def test_a_good_file_is_read_whole(config: Path) -> None:
    account = Settings(str(config)).account()

    assert (account.name, account.from_) == ("partners", "Vehicle desk <mail-api@example.com>")
    assert (account.folders.inbox, account.folders.processed) == ("INBOX", "done")
    assert account.trust.authserv_ids == ["mx.example.com"]
    assert account.imap is not None
    assert account.imap.ca == str(config.parent / "ca.pem")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acounts: {}", "did you mean 'accounts'?"),
        ("accounts: {p: {smpt: {url: x}}}", "$.accounts[...]`; did you mean 'smtp'?"),
        ("accounts: {p: {smtp: {url: 5}}}", "$.accounts[...].smtp.url"),
        ("accounts: {p: {smtp: {url: 'smtp://a:secret@b'}}}", "a URL holds no password"),
        ("accounts: {p: {refKey: {env: A, file: b}}}", "exactly one of command, file, env"),
        ("accounts: {p: {refKey: {}}}", "exactly one of command, file, env"),
        ("accounts: {p: {default: true}, q: {default: true}}", "more than one default account: p, q"),
        ("accounts: [", "config.yaml"),
        ("a: &x [*x]", "config.yaml"),
        ("- a", "config.yaml"),
        ("a: !!python/object/apply:os.system [id]", "config.yaml"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    detail = problem(tmp_path / "config.yaml", text)

    assert "config.yaml" in detail
    assert said in detail
    assert "secret" not in detail.replace("a secret is", "")


def test_a_file_that_others_can_write_is_refused(config: Path) -> None:
    config.chmod(0o666)

    with pytest.raises(ConfigError, match="chmod go-w"):
        load(config)


def test_an_unknown_account_is_met_with_the_nearest(config: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'partners'"):
        Settings(str(config)).account("partner")


def test_several_accounts_need_a_choice(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("accounts: {a: {}, b: {}}")

    with pytest.raises(ConfigError, match="several accounts: a, b"):
        Settings(str(path)).account()


def test_no_configuration_at_all_is_said_plainly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert Settings().optional_account().name == ""
    with pytest.raises(ConfigError, match="no account is configured in"):
        Settings().account()


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        Settings(str(tmp_path / "none.yaml")).account()


def test_a_secret_comes_from_a_command_that_reads_no_stdin() -> None:
    assert Secret(command=["sh", "-c", "cat; echo s3cret"]).read() == "s3cret"


@pytest.mark.parametrize("command", [["false"], ["no-such-program"], []])
def test_a_command_that_gives_no_secret_is_an_error_without_it(command: list[str]) -> None:
    with pytest.raises(ConfigError):
        Secret(command=command).read()


def test_a_secret_file_must_be_private(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    assert Secret(file=str(path)).read() == "s3cret"

    path.chmod(0o640)
    with pytest.raises(NotPermittedError, match="chmod 600"):
        Secret(file=str(path)).read()


def test_a_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILPIPE_TEST_SECRET", "s3cret")
    assert Secret(env="MAILPIPE_TEST_SECRET").read() == "s3cret"

    monkeypatch.delenv("MAILPIPE_TEST_SECRET")
    with pytest.raises(ConfigError, match="MAILPIPE_TEST_SECRET is not set"):
        Secret(env="MAILPIPE_TEST_SECRET").read()


def test_state_is_private_and_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))

    assert state_dir() == tmp_path / "state" / "mailpipe"
    assert state_dir().stat().st_mode & 0o777 == 0o700


def test_state_that_cannot_be_made_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    with pytest.raises(MailpipeError, match="set XDG_STATE_HOME"):
        state_dir()


def test_a_relative_state_path_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # "If an implementation encounters a relative path, it should consider it invalid" (XDG base directories).
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert state_dir() == tmp_path / ".local" / "state" / "mailpipe"
    assert os.environ["XDG_STATE_HOME"] == "relative"


def test_a_folder_of_an_account_is_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("accounts: {p: {smtp: {url: 'maildir:out'}, imap: {url: 'mbox:/var/mail/desk'}}}")

    account = Settings(str(path)).account()

    assert account.smtp is not None
    assert account.imap is not None
    assert (account.smtp.url, account.imap.url) == (f"maildir:{tmp_path}/out", "mbox:/var/mail/desk")


def test_files_of_keys_are_beside_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "accounts: {a: {smime: {own: {certificate: a.pem, key: a.key, passphrase: {file: phrase}},"
        " earlier: [{certificate: b.pem, key: /b.key}], authorities: ca.pem, recipients: people}},"
        " b: {smime: {authorities: system}}}\n"
    )

    smime = load(path).accounts["a"].smime

    assert smime.own is not None
    assert smime.own.passphrase is not None
    assert (smime.own.certificate, smime.own.key) == (str(tmp_path / "a.pem"), str(tmp_path / "a.key"))
    assert smime.own.passphrase.file == str(tmp_path / "phrase")
    assert (smime.earlier[0].certificate, smime.earlier[0].key) == (str(tmp_path / "b.pem"), "/b.key")
    assert (smime.authorities, smime.recipients) == (str(tmp_path / "ca.pem"), str(tmp_path / "people"))
    assert load(path).accounts["b"].smime.authorities == "system"
