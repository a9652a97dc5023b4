// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/talk_turn.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace micguard::cli {

namespace {

constexpr int mostAncestors = 16;
constexpr std::size_t longestStat = 4096;

std::string readAll(int fd) {
    std::array<char, longestStat> buffer{};
    const ssize_t size = pread(fd, buffer.data(), buffer.size(), 0);
    return size <= 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(size));
}

template <typename Number>
bool take(std::string_view& text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc())
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty())
        text.remove_prefix(1); // what separates
    return true;
}

struct Stat {
    std::uint32_t parent = 0;
    Ticks started = 0;
};

std::optional<Stat> statOf(std::uint32_t pid, const std::string& procRoot) {
    const int fd = open((procRoot + "/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return std::nullopt;
    const std::string text = readAll(fd);
    close(fd);
    // Behind the name, which may have blanks and brackets of its own: proc_pid_stat(5), counted from 1.
    const auto nameEnd = text.rfind(')');
    if (nameEnd == std::string::npos)
        return std::nullopt;
    std::string_view rest = std::string_view(text).substr(nameEnd + 1);
    Stat stat;
    for (int field = 3; field <= 22; ++field) {
        const auto from = rest.find_first_not_of(' ');
        if (from == std::string_view::npos)
            return std::nullopt;
        rest.remove_prefix(from);
        std::string_view value = rest.substr(0, rest.find(' '));
        rest.remove_prefix(value.size());
        if ((field == 4 && !take(value, stat.parent)) || (field == 22 && !take(value, stat.started)))
            return std::nullopt;
    }
    return stat;
}

std::string errorText(const std::string& what) {
    return what + ": " + strerror(errno);
}

} // namespace

TalkRecord talkRecordFrom(std::string_view text) {
    TalkRecord record;
    if (!take(text, record.released) || !take(text, record.pid) || !take(text, record.started) ||
        !take(text, record.began))
        return {};
    return record;
}

std::string written(const TalkRecord& record) {
    return std::to_string(record.released) + " " + std::to_string(record.pid) + " " +
           std::to_string(record.started) + " " + std::to_string(record.began) + "\n";
}

Press pressed(const TalkRecord& record, Ticks began, bool holderLives) {
    if (began <= record.released)
        return Press::Over;
    return holderLives ? Press::Held : Press::Begins;
}

bool ends(const TalkRecord& record, Ticks began) {
    return record.began <= began;
}

Ticks processStarted(std::uint32_t pid, const std::string& procRoot) {
    const auto stat = statOf(pid, procRoot);
    return stat ? stat->started : 0;
}

Ticks commandBegan(std::uint32_t pid, const std::string& procRoot) {
    const auto aSecond = static_cast<Ticks>(sysconf(_SC_CLK_TCK));
    auto stat = statOf(pid, procRoot);
    if (!stat)
        return 0;
    for (int count = 0; count < mostAncestors && stat->parent != 0; ++count) {
        const auto parent = statOf(stat->parent, procRoot);
        if (!parent || parent->started + aSecond < stat->started || parent->started > stat->started)
            break;
        stat = parent;
    }
    return stat->started;
}

tl::expected<TalkTurn, std::string> TalkTurn::take() {
    const char* folder = std::getenv("XDG_RUNTIME_DIR");
    if (folder == nullptr || *folder != '/')
        return tl::unexpected(
            std::string("XDG_RUNTIME_DIR is not set: a press cannot be told from its release"));
    const std::string path = std::string(folder) + "/micguard-talk";
    TalkTurn turn(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (turn.fd_ < 0)
        return tl::unexpected(errorText("cannot open " + path));
    int locked = 0;
    do
        locked = flock(turn.fd_, LOCK_EX);
    while (locked < 0 && errno == EINTR);
    if (locked < 0)
        return tl::unexpected(errorText("cannot lock " + path));
    return turn;
}

TalkTurn::TalkTurn(TalkTurn&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

TalkTurn::~TalkTurn() {
    if (fd_ >= 0)
        close(fd_);
}

TalkRecord TalkTurn::read() const {
    return talkRecordFrom(readAll(fd_));
}

tl::expected<void, std::string> TalkTurn::write(const TalkRecord& record) const {
    const std::string text = micguard::cli::written(record);
    if (ftruncate(fd_, 0) < 0 ||
        pwrite(fd_, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
        return tl::unexpected(errorText("cannot note who talks"));
    return {};
}

} // namespace micguard::cli
