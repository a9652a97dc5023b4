// SPDX-License-Identifier: GPL-3.0-or-later
//
// Files that are damaged, locked, in the way, gone, on a full disk or on one that hangs: what it costs is
// history.
#include "daemon/history/history.hpp"
#include "daemon/history/sqlite.hpp"
#include "tests/unit/history_values.hpp"

#include <array>
#include <atomic>
#include <cstring>
#include <random>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch_get_random_seed.hpp>

using namespace micguard::history;
using namespace micguard::history::test;

namespace {

Moment now() {
    return static_cast<Moment>(g_get_real_time());
}

// A History and what it told.
struct Kept {
    explicit Kept(const std::string& file)
        : history({file, file + ".stamp"},
                  {[this](const std::string& text) { fault = text; },
                   [this](std::uint64_t many) { lost += many; }, [this] { anew++; }}) {}

    std::vector<Entry> entries(const Filter& filter = {}) {
        std::optional<tl::expected<std::vector<Entry>, std::string>> answer;
        history.entries(filter, [&](const auto& found) { answer = found; });
        REQUIRE(runUntil([&] { return answer.has_value(); }));
        INFO((*answer ? "" : answer->error()));
        REQUIRE(*answer);
        return **answer;
    }

    std::string fault = "never told";
    std::uint64_t lost = 0;
    int anew = 0;
    History history;
};

Record ended(std::uint64_t number) {
    return Answered{noon + number, who("app"), "me", std::to_string(number)};
}

bool exists(const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

void damage(const std::string& path, std::minstd_rand& random) {
    std::string bytes = contents(path);
    for (int i = 0; i < 400; ++i)
        bytes[random() % bytes.size()] = static_cast<char>(random());
    std::ofstream(path, std::ios::binary) << bytes;
}

// Blocks whoever writes to the file of this name, as a disk does that hangs. A SQLite VFS in front of the
// usual one.
class HangingDisk {
  public:
    HangingDisk() {
        usual_ = sqlite3_vfs_find(nullptr);
        vfs_ = *usual_;
        vfs_.zName = "hanging";
        vfs_.szOsFile = static_cast<int>(sizeof(File)) + usual_->szOsFile;
        vfs_.xOpen = &open;
        self = this;
        waiting = 0;
        sqlite3_vfs_register(&vfs_, 1);
    }
    ~HangingDisk() {
        hangs = false;
        sqlite3_vfs_register(usual_, 1);
    }
    HangingDisk(const HangingDisk&) = delete;
    HangingDisk& operator=(const HangingDisk&) = delete;

    static inline std::atomic<bool> hangs = false;
    static inline std::atomic<int> waiting = 0;

  private:
    // The usual one's file lies behind ours; only its writing goes through here.
    struct File {
        sqlite3_file base;
        sqlite3_io_methods methods;
        sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    };
    static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* outFlags) {
        File& one = of(file);
        one.base.pMethods = nullptr;
        const int result = self->usual_->xOpen(self->usual_, name, one.real(), flags, outFlags);
        if (result != SQLITE_OK)
            return result;
        one.methods = {};
        one.methods.iVersion = 2; // with shared memory, for the journal
        one.methods.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
        one.methods.xRead = [](sqlite3_file* f, void* p, int n, sqlite3_int64 at) {
            return real(f)->pMethods->xRead(real(f), p, n, at);
        };
        one.methods.xWrite = [](sqlite3_file* f, const void* p, int n, sqlite3_int64 at) {
            if (hangs) {
                waiting++;
                while (hangs)
                    g_usleep(1000);
            }
            return real(f)->pMethods->xWrite(real(f), p, n, at);
        };
        one.methods.xTruncate = [](sqlite3_file* f, sqlite3_int64 n) {
            return real(f)->pMethods->xTruncate(real(f), n);
        };
        one.methods.xSync = [](sqlite3_file* f, int how) { return real(f)->pMethods->xSync(real(f), how); };
        one.methods.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
            return real(f)->pMethods->xFileSize(real(f), n);
        };
        one.methods.xLock = [](sqlite3_file* f, int how) { return real(f)->pMethods->xLock(real(f), how); };
        one.methods.xUnlock = [](sqlite3_file* f, int how) {
            return real(f)->pMethods->xUnlock(real(f), how);
        };
        one.methods.xCheckReservedLock = [](sqlite3_file* f, int* is) {
            return real(f)->pMethods->xCheckReservedLock(real(f), is);
        };
        one.methods.xFileControl = [](sqlite3_file* f, int what, void* p) {
            return real(f)->pMethods->xFileControl(real(f), what, p);
        };
        one.methods.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
        one.methods.xDeviceCharacteristics = [](sqlite3_file* f) {
            return real(f)->pMethods->xDeviceCharacteristics(real(f));
        };
        one.methods.xShmMap = [](sqlite3_file* f, int page, int size, int grow, void volatile** into) {
            return real(f)->pMethods->xShmMap(real(f), page, size, grow, into);
        };
        one.methods.xShmLock = [](sqlite3_file* f, int at, int n, int how) {
            return real(f)->pMethods->xShmLock(real(f), at, n, how);
        };
        one.methods.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
        one.methods.xShmUnmap = [](sqlite3_file* f, int remove) {
            return real(f)->pMethods->xShmUnmap(real(f), remove);
        };
        one.base.pMethods = &one.methods;
        return SQLITE_OK;
    }
    static sqlite3_file* real(sqlite3_file* file) { return of(file).real(); }

    static inline HangingDisk* self = nullptr;
    sqlite3_vfs* usual_ = nullptr;
    sqlite3_vfs vfs_{};
};

} // namespace

TEST_CASE("a damaged file is moved aside, a new one is begun, and what is on its way is in that") {
    TestFolder folder;
    const auto path = folder / "history.db";
    std::minstd_rand random(Catch::getSeed());
    int aside = 0;
    for (int round = 0; round < 30; ++round) {
        INFO("round " << round << " of seed " << Catch::getSeed());
        for (const char* file : {"history.db", "history.db-wal", "history.db-shm", "history.db.damaged"})
            fs::remove(folder / file);
        {
            Store store = opened(path);
            std::vector<Record> batch;
            for (std::uint64_t i = 1; i < 500; ++i)
                batch.emplace_back(session(i, noon + i, "app" + std::to_string(i)));
            write(store, batch);
        }
        damage(path, random);
        const auto damaged = contents(path);
        Kept kept(path);
        kept.history.use({}, 0);
        kept.history.record({ended(1)});
        const auto found = kept.entries();
        REQUIRE_FALSE(found.empty());
        CHECK(found.front().kind == Kind::Answer);
        if (!exists(path + ".damaged"))
            continue; // what was hit was read by nobody
        aside++;
        CHECK(contents(path + ".damaged").size() == damaged.size());
        CHECK(kept.fault.find(path + ".damaged") != std::string::npos);
        CHECK(found.size() == 1);
    }
    CHECK(aside >= 10);
}

TEST_CASE("a file that is no database at all is moved aside") {
    TestFolder folder;
    folder.write("history.db", std::string(10'000, 'x'));
    Kept kept(folder / "history.db");
    kept.history.use({}, 0);
    kept.history.record({ended(1)});
    CHECK(kept.entries().size() == 1);
    CHECK(contents(folder / "history.db.damaged") == std::string(10'000, 'x'));
    CHECK(kept.fault.find("damaged") != std::string::npos);
}

TEST_CASE("damaged while it is in use: what goes on is begun anew in the new file") {
    TestFolder folder;
    const auto path = folder / "history.db";
    Kept kept(path);
    kept.history.use({}, 0);
    // More than SQLite keeps in memory: what it has there it does not read again.
    for (std::uint64_t i = 0; i < 20; ++i) {
        std::vector<Record> batch;
        for (std::uint64_t j = 1; j <= 2000; ++j)
            batch.emplace_back(Answered{noon + i * 2000 + j, who("app"), "me", std::string(100, 'z')});
        kept.history.record(std::move(batch));
        REQUIRE(kept.entries().size() == usualLimit);
    }
    Database(path).run("PRAGMA wal_checkpoint(TRUNCATE)");
    std::ofstream(path, std::ios::binary | std::ios::in | std::ios::out)
        << std::string(fs::file_size(path), 'y');
    REQUIRE(runUntil([&] {
        kept.history.entries({.since = 1, .until = noon + 1000, .limit = largestLimit}, [](const auto&) {});
        kept.history.record({ended(1)});
        g_usleep(10'000);
        return kept.anew > 0;
    }));
    CHECK(exists(path + ".damaged"));
    CHECK(kept.fault.find("damaged") != std::string::npos);
    kept.history.record({session(2, noon + 1, "obs")});
    const auto found = kept.entries();
    CHECK(found.size() < 100);
    CHECK(std::any_of(found.begin(), found.end(), [](const Entry& one) { return one.who.appId == "obs"; }));
}

TEST_CASE("locked by somebody else: what happens is kept back, told of, and written once it may be") {
    TestFolder folder;
    const auto path = folder / "history.db";
    Kept kept(path);
    kept.history.use({}, 0);
    kept.history.record({ended(1)});
    REQUIRE(kept.entries().size() == 1);
    REQUIRE(kept.fault == "never told");
    {
        Database other(path);
        other.run("BEGIN IMMEDIATE");
        kept.history.record({ended(2)});
        REQUIRE(runUntil([&] { return kept.fault.find("locked by another process") != std::string::npos; }));
        other.run("ROLLBACK");
    }
    REQUIRE(runUntil([&] { return kept.fault.empty(); }));
    CHECK(kept.entries().size() == 2);
    CHECK(kept.lost == 0);
}

TEST_CASE("a full disk: told of, and written once there is room") {
    TestFolder folder;
    folder.write("disk/x", "");
    const auto disk = folder / "disk";
    if (geteuid() != 0 ||
        mount("micguard-test", disk.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "size=256k") != 0)
        SKIP("a small disk of its own needs root");
    struct Unmount {
        std::string path;
        ~Unmount() { umount2(path.c_str(), MNT_DETACH); }
    } const unmount{disk};
    Kept kept(disk + "/history.db");
    kept.history.use({}, 0);
    kept.history.record({ended(1)});
    REQUIRE(kept.entries().size() == 1);
    {
        std::ofstream filler(disk + "/filler", std::ios::binary);
        while (filler.write(std::string(4096, 'x').data(), 4096).flush()) {
        }
    }
    std::uint64_t number = 2;
    REQUIRE(runUntil([&] {
        for (int i = 0; i < 50; ++i)
            kept.history.record({ended(number++)});
        (void)kept.entries();
        return kept.fault != "never told";
    }));
    CHECK(kept.fault.find("no room") != std::string::npos);
    fs::remove(disk + "/filler");
    REQUIRE(runUntil([&] { return kept.fault.empty(); }));
    CHECK(kept.lost == 0);
    CHECK(kept.entries().size() == std::min<std::size_t>(number - 1, usualLimit));
}

TEST_CASE("a folder in which nothing can be made: told of, and nothing else") {
    TestFolder folder;
    folder.write("file", "");
    Kept kept(folder / "file/history.db");
    kept.history.use({}, 0);
    kept.history.record({ended(1)});
    REQUIRE(runUntil([&] { return kept.fault.starts_with("no history is written"); }));
    std::optional<std::string> refused;
    kept.history.entries({}, [&](const auto& found) { refused = found ? "" : found.error(); });
    REQUIRE(runUntil([&] { return refused.has_value(); }));
    CHECK(refused->find("cannot open") != std::string::npos);
    INFO("and it comes back by itself");
    fs::remove(folder / "file");
    REQUIRE(runUntil([&] { return kept.fault.empty(); }));
    CHECK(kept.entries().size() == 1);
}

TEST_CASE("removed while it is in use, it is begun anew, with what goes on") {
    TestFolder folder;
    const auto path = folder / "history.db";
    Kept kept(path);
    kept.history.use({}, 0);
    kept.history.record({session(1, noon, "zoom")});
    REQUIRE(kept.entries().size() == 1);
    for (const char* ending : {"", "-wal", "-shm"})
        fs::remove(path + ending);
    kept.history.record({ended(1)});
    REQUIRE(runUntil([&] { return kept.anew > 0; }));
    CHECK(kept.entries().size() == 1);
    CHECK(exists(path));
}

TEST_CASE("what goes on is not known to go on tomorrow") {
    TestFolder folder;
    Kept kept(folder / "history.db");
    kept.history.use({}, 0);
    kept.history.record({session(1, now() - second, "zoom")});
    CHECK(kept.entries({.since = now() - second}).size() == 1);
    CHECK(kept.entries({.since = now() + 3600 * second}).empty());
    CHECK(kept.entries().at(0).end == 0);
}

TEST_CASE("off leaves no file, and nothing is found; on begins anew") {
    TestFolder folder;
    const auto path = folder / "history.db";
    folder.write("history.db.damaged", "of before");
    Kept kept(path);
    kept.history.use({}, 0);
    kept.history.record({ended(1)});
    REQUIRE(kept.entries().size() == 1);
    kept.history.use({.enabled = false}, 0);
    kept.history.record({ended(2)});
    CHECK(kept.entries().empty());
    REQUIRE(runUntil([&] { return !exists(path); }));
    for (const char* ending : {"-wal", "-shm", ".damaged", ".stamp"})
        CHECK_FALSE(exists(path + ending));
    const int before = kept.anew;
    kept.history.use({}, 0);
    REQUIRE(runUntil([&] { return kept.anew > before; }));
    kept.history.record({ended(3)});
    CHECK(kept.entries().size() == 1);
}

TEST_CASE(
    "a disk that hangs keeps nobody waiting: what cannot be kept is counted, and the end comes in time") {
    TestFolder folder;
    HangingDisk disk;
    Kept kept(folder / "history.db");
    kept.history.use({}, 0);
    kept.history.record({session(1, now(), "zoom")});
    REQUIRE(kept.entries().size() == 1);

    HangingDisk::hangs = true;
    kept.history.record({ended(0)});
    REQUIRE(runUntil([] { return HangingDisk::waiting > 0; }));
    const auto before = g_get_monotonic_time();
    for (std::uint64_t i = 1; i <= History::mostQueued + 500; ++i)
        kept.history.record({ended(i)});
    bool refused = false;
    std::size_t answered = 0;
    for (std::size_t i = 0; i <= History::mostWaiting; ++i)
        kept.history.entries({}, [&](const auto& found) {
            refused = refused || !found;
            answered++;
        });
    const auto took = g_get_monotonic_time() - before;
    CHECK(refused);
    INFO("handing over took " << took << " us");
    CHECK(HangingDisk::hangs); // nobody has waited for it: it hangs still
    CHECK(kept.lost == 0);     // not known yet

    SECTION("and then it comes back: what went on is ended there and begun anew") {
        HangingDisk::hangs = false;
        REQUIRE(runUntil([&] { return kept.anew > 0 && answered == History::mostWaiting + 1; }));
        CHECK(kept.lost >= 500);
        CHECK(kept.lost <= 502);
        const auto found = kept.entries();
        const auto listened = std::find_if(found.begin(), found.end(),
                                           [](const Entry& one) { return one.kind == Kind::Session; });
        CHECK((listened == found.end() || listened->end != 0));
    }
    SECTION("and it never does") {
        CHECK_FALSE(kept.history.close(std::chrono::milliseconds(200)));
        CHECK(HangingDisk::hangs);
        HangingDisk::hangs = false; // the one that was left behind may end before its disk is taken away
        const auto path = folder / "history.db-wal";
        REQUIRE(runUntil([&] {
            g_usleep(1000);
            return !exists(path);
        }));
    }
}

TEST_CASE("as long as somebody listens it is known until when the guard lived, and nothing is written when "
          "nobody does") {
    TestFolder folder;
    const auto path = folder / "history.db", stamp = path + ".stamp";
    Kept kept(path);
    kept.history.use({}, 0);
    (void)kept.entries();
    CHECK_FALSE(exists(stamp));
    const auto began = now();
    kept.history.record({session(1, began, "zoom")});
    struct stat status {};
    REQUIRE(runUntil([&] {
        g_usleep(10'000);
        return ::stat(stamp.c_str(), &status) == 0 &&
               static_cast<Moment>(status.st_mtim.tv_sec) * second +
                       static_cast<Moment>(status.st_mtim.tv_nsec) / 1000 >
                   began + second;
    }));
    // With every wake of the one who wakes anyway, and in between not.
    const auto stamped = [&] {
        REQUIRE(::stat(stamp.c_str(), &status) == 0);
        return static_cast<Moment>(status.st_mtim.tv_sec) * second +
               static_cast<Moment>(status.st_mtim.tv_nsec) / 1000;
    };
    const auto ticked = now();
    kept.history.tick();
    CHECK(stamped() >= ticked);
    kept.history.record({SessionEnded{Key{1}, now()}});
    REQUIRE(kept.entries().at(0).end != 0);
    CHECK(kept.history.close(std::chrono::seconds(10)));
    CHECK_FALSE(exists(stamp));
}
