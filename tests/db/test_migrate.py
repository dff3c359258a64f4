import asyncio
import shutil
from pathlib import Path

import pytest

from backend.db import migrate as module
from backend.db.migrate import (
    MIGRATIONS,
    MigrationError,
    migrate,
    read_migrations,
    required_version,
    schema_version,
)
from backend.db.pool import Database
from tests.db.conftest import Admin, Opener, eventually


class Folder:
    """Migration files of the test's choice, and runs over them."""

    def __init__(self, path: Path, dsn: str) -> None:
        self.path = path
        self._dsn = dsn
        self.log: list[str] = []

    def write(self, **files: str) -> "Folder":
        for name, sql in files.items():
            (self.path / f"{name.removeprefix('_')}.sql").write_text(sql)
        return self

    async def run(self, phase: module.Phase = "all") -> list[str]:
        return await migrate(self._dsn, phase, log=self.log.append, folder=self.path)


@pytest.fixture
def folder(tmp_path: Path, dsn: str) -> Folder:
    return Folder(tmp_path, dsn)


@pytest.fixture
async def db(open_database: Opener) -> Database:
    database: Database = await open_database()
    return database


async def test_an_empty_database_gets_everything_in_order(folder: Folder, admin: Admin) -> None:
    folder.write(_0002_post_seats="ALTER TABLE event ADD seats int", _0001_pre_events="CREATE TABLE event (id int)")
    assert await folder.run() == ["0001_pre_events", "0002_post_seats"]
    assert admin.value("SELECT string_agg(name, ' ' ORDER BY version) FROM schema_migrations") == (
        "0001_pre_events 0002_post_seats"
    )
    assert folder.log == ["applying 0001_pre_events", "applying 0002_post_seats"]


async def test_a_second_run_changes_nothing(folder: Folder) -> None:
    folder.write(_0001_pre_events="CREATE TABLE event (id int)")
    await folder.run()
    assert await folder.run() == []


async def test_a_file_may_hold_percent_signs_functions_and_a_last_comment(folder: Folder, admin: Admin) -> None:
    function = "CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN format('%s; %%', 5); END $$"
    folder.write(_0001_pre_function=f"{function} -- the end")
    await folder.run()
    assert admin.value("SELECT f()") == "5; %"
    assert await folder.run() == []


async def test_runs_at_the_same_time_apply_each_file_once(folder: Folder, admin: Admin) -> None:
    folder.write(_0001_pre_events="CREATE TABLE event (id int); SELECT pg_sleep(0.3)")
    names = await asyncio.gather(*(folder.run() for _ in range(3)))
    assert sorted(names) == [[], [], ["0001_pre_events"]]
    assert folder.log.count("waiting for another migration run to end (0 s)") == 2
    assert admin.value("SELECT count(*) FROM schema_migrations") == 1


async def test_waiting_for_another_run_has_an_end(
    folder: Folder, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCK_PATIENCE", 0.3)
    admin.value("SELECT pg_advisory_lock(%s)", module._LOCK)
    with pytest.raises(MigrationError, match="another migration run has been busy"):
        await folder.write(_0001_pre_events="CREATE TABLE event (id int)").run()


async def test_a_changed_file_is_refused_by_name(folder: Folder, admin: Admin) -> None:
    folder.write(_0001_pre_events="CREATE TABLE event (id int)")
    await folder.run()
    folder.write(_0001_pre_events="CREATE TABLE event (id bigint)", _0002_pre_more="CREATE TABLE more (id int)")
    with pytest.raises(MigrationError, match=r"0001_pre_events\.sql was changed after it was applied"):
        await folder.run()
    assert admin.value("SELECT to_regclass('more')") is None


async def test_a_failing_file_leaves_nothing_behind_and_names_its_line(folder: Folder, admin: Admin) -> None:
    folder.write(
        _0001_pre_events="CREATE TABLE event (id int)",
        _0002_pre_broken="CREATE TABLE half (id int);\n\nINSERT INTO nowhere VALUES (1);\n",
        _0003_pre_after="CREATE TABLE after (id int)",
    )
    with pytest.raises(MigrationError, match=r'0002_pre_broken\.sql, line 3: relation "nowhere" does not exist'):
        await folder.run()
    assert admin.value("SELECT to_regclass('half')") is None
    assert admin.value("SELECT max(version) FROM schema_migrations") == 1
    assert admin.value("SELECT to_regclass('after')") is None


async def test_a_file_that_fails_on_the_data_is_rolled_back_too(folder: Folder, admin: Admin) -> None:
    folder.write(_0001_pre_events="CREATE TABLE event (id int UNIQUE); INSERT INTO event VALUES (1), (1)")
    with pytest.raises(MigrationError, match=r"0001_pre_events\.sql: duplicate key .* \(23505\)"):
        await folder.run()
    assert admin.value("SELECT to_regclass('event')") is None


async def test_an_index_is_built_outside_of_a_transaction(folder: Folder, admin: Admin) -> None:
    folder.write(
        _0001_pre_events="CREATE TABLE event (id int)",
        _0002_pre_index="-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS event_id ON event (id)",
    )
    assert await folder.run() == ["0001_pre_events", "0002_pre_index"]
    assert admin.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'event_id'::regclass") is True


async def test_an_unfinished_index_is_not_taken_for_done(folder: Folder, admin: Admin) -> None:
    build = "-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS event_id ON event (id)"
    folder.write(
        _0001_pre_events="CREATE TABLE event (id int); INSERT INTO event VALUES (1), (1)", _0002_pre_index=build
    )
    with pytest.raises(MigrationError, match=r"0002_pre_index\.sql: could not create unique index"):
        await folder.run()
    with pytest.raises(MigrationError, match="drop the unfinished index event_id and run again"):
        await folder.run()
    admin.value("DROP INDEX event_id")
    admin.value("DELETE FROM event")
    assert await folder.run() == ["0002_pre_index"]


async def test_a_held_lock_is_tried_again_instead_of_blocking_everyone(
    folder: Folder, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCK_TIMEOUT", 0.1)
    monkeypatch.setattr(module, "_PAUSE", 0.05)
    await folder.write(_0001_pre_events="CREATE TABLE event (id int)").run()
    folder.write(_0002_pre_seats="CREATE TABLE seat (id int); ALTER TABLE event ADD seats int")
    admin.value("BEGIN; LOCK TABLE event IN ACCESS SHARE MODE")
    running = asyncio.create_task(folder.run())
    await eventually(lambda: len([line for line in folder.log if "lock timeout" in line]) >= 2)
    admin.value("COMMIT")
    assert await running == ["0002_pre_seats"]


async def test_a_lock_that_is_never_given_up_ends_the_run(
    folder: Folder, admin: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LOCK_TIMEOUT", 0.02)
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    await folder.write(_0001_pre_events="CREATE TABLE event (id int)").run()
    admin.value("BEGIN; LOCK TABLE event")
    with pytest.raises(MigrationError, match=r"0002_pre_seats\.sql: others held its locks"):
        await folder.write(_0002_pre_seats="ALTER TABLE event ADD seats int").run()
    admin.value("COMMIT")


class TestPhases:
    @pytest.fixture
    async def released(self, folder: Folder) -> Folder:
        await folder.write(_0001_pre_events="CREATE TABLE event (id int)").run()
        return folder

    async def test_before_a_rollout_the_schema_widens_and_after_it_narrows(self, released: Folder) -> None:
        released.write(_0002_pre_b="SELECT 2", _0003_pre_c="SELECT 3", _0004_post_d="SELECT 4")
        assert await released.run("pre") == ["0002_pre_b", "0003_pre_c"]
        assert await released.run("pre") == []
        assert await released.run("post") == ["0004_post_d"]

    async def test_narrowing_does_not_overtake_widening(self, released: Folder) -> None:
        released.write(_0002_pre_b="SELECT 2", _0003_post_c="SELECT 3")
        with pytest.raises(MigrationError, match="0002_pre_b comes first"):
            await released.run("post")

    async def test_the_next_release_waits_for_the_end_of_the_one_before(self, released: Folder) -> None:
        released.write(_0002_post_b="SELECT 2", _0003_pre_c="SELECT 3")
        with pytest.raises(MigrationError, match="0002_post_b of an earlier release comes first"):
            await released.run("pre")
        assert await released.run("post") == ["0002_post_b"]
        assert await released.run("pre") == ["0003_pre_c"]

    async def test_an_empty_database_has_no_older_version_to_spare(self, folder: Folder) -> None:
        folder.write(_0001_pre_a="SELECT 1", _0002_post_b="SELECT 2", _0003_pre_c="SELECT 3")
        assert await folder.run("pre") == ["0001_pre_a", "0002_post_b", "0003_pre_c"]


class TestHistory:
    @pytest.fixture
    async def applied(self, folder: Folder) -> Folder:
        folder.write(_0001_pre_a="SELECT 1", _0002_pre_b="SELECT 2", _0003_post_c="SELECT 3")
        await folder.run()
        return folder

    async def test_a_version_that_was_skipped_is_named(self, applied: Folder, admin: Admin) -> None:
        admin.value("DELETE FROM schema_migrations WHERE version = 2")
        with pytest.raises(MigrationError, match="number 0002 was never applied, although 0003_post_c was"):
            await applied.run()

    async def test_a_version_known_by_another_name_is_named(self, applied: Folder) -> None:
        (applied.path / "0002_pre_b.sql").rename(applied.path / "0002_pre_other.sql")
        with pytest.raises(MigrationError, match=r"0002_pre_b has been applied, but .* as 0002_pre_other"):
            await applied.run()

    async def test_an_older_version_runs_on_a_schema_that_was_only_widened(self, applied: Folder) -> None:
        await applied.write(_0004_pre_d="SELECT 4").run()
        (applied.path / "0004_pre_d.sql").unlink()
        assert await applied.run() == []

    async def test_an_older_version_is_refused_on_a_schema_that_was_narrowed(self, applied: Folder) -> None:
        (applied.path / "0003_post_c.sql").unlink()
        with pytest.raises(MigrationError, match="0003_post_c has been applied, but this version does not know it"):
            await applied.run()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["0001_pre_a", "0003_pre_c"], "0003_pre_c: expected number 0002"),
        (["0001_pre_a", "0001_pre_b"], "0001_pre_b: expected number 0002"),
        (["0002_pre_a"], "0002_pre_a: expected number 0001"),
        (["1_pre_a"], r"1_pre_a\.sql: a migration is called"),
        (["0001_a"], r"0001_a\.sql: a migration is called"),
    ],
)
def test_misnamed_files_are_refused(tmp_path: Path, files: list[str], message: str) -> None:
    for name in files:
        (tmp_path / f"{name}.sql").write_text("SELECT 1")
    with pytest.raises(MigrationError, match=message):
        read_migrations(tmp_path)


async def test_versions_tell_how_far_the_schema_is(folder: Folder, db: Database) -> None:
    folder.write(_0001_pre_a="SELECT 1", _0002_pre_b="SELECT 2", _0003_post_c="SELECT 3")
    assert required_version(folder.path) == 2
    assert await schema_version(db) == 0
    await folder.run()
    assert await schema_version(db) == 3


async def test_the_shops_own_migrations_apply_to_an_empty_database(tmp_path: Path, dsn: str, db: Database) -> None:
    copied = Path(shutil.copytree(MIGRATIONS, tmp_path / "migrations"))
    applied = await migrate(dsn, folder=copied)
    assert applied == [migration.name for migration in read_migrations(copied)]
    assert await schema_version(db) >= required_version(copied) > 0
