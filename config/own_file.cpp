// SPDX-License-Identifier: GPL-3.0-or-later
//
// See own_file.hpp.
#include "config/own_file.hpp"

#include "config/glob.hpp"
#include "config/keys.hpp"
#include "config/toml_reader.hpp"
#include "config/toml_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace micguard {

namespace {

constexpr std::string_view header =
    "# micguard's own file: what was answered when an application asked for a microphone, and what was set "
    "with a panel or\n"
    "# micguardctl. It is rewritten as a whole, comments in it do not last. Your own settings belong into "
    "micguard.toml in\n"
    "# the folder above, or into another file here; files with a name behind this one's win over it.\n";

class OpenFd {
  public:
    explicit OpenFd(int fd)
        : fd_(fd) {}
    ~OpenFd() { close(); }
    OpenFd(const OpenFd&) = delete;
    OpenFd& operator=(const OpenFd&) = delete;
    int get() const { return fd_; }
    // Whether what was written is known to have arrived (network file systems tell only now).
    bool close() { return fd_ < 0 || ::close(std::exchange(fd_, -1)) == 0; }

  private:
    int fd_;
};

tl::unexpected<std::string> failed(const std::string& what) {
    return tl::unexpected(what + ": " + std::generic_category().message(errno));
}

bool makeFolders(const std::string& path) {
    for (auto at = path.find('/', 1);; at = path.find('/', at + 1)) {
        if (::mkdir(path.substr(0, at).c_str(), 0700) != 0 && errno != EEXIST)
            return false;
        if (at == std::string::npos)
            return true;
    }
}

// Whoever changes the file reads it, writes it anew and puts it in the old one's place: of two at a time one would lose what the other
// said, or both write into one new file. False: somebody has held the folder for longer than any disk takes. One that cannot be locked
// (some network file systems) is done without.
bool takeTurn(const OpenFd& folder) {
    constexpr int mostTries = 500;
    constexpr useconds_t pauseUsec = 10'000;
    for (int tries = 0; tries < mostTries; tries++) {
        if (::flock(folder.get(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return true;
        ::usleep(pauseUsec);
    }
    return false;
}

bool writeAll(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto size = ::write(fd, text.data(), text.size());
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
}

} // namespace

std::string ownFilePath(const ConfigFolders& folders) {
    const auto folder = userFolder(folders);
    return folder.empty() ? folder : folder + "/conf.d/90-micguard.toml";
}

tl::expected<Layer, Diagnostics> readOwnFile(const std::string& path) {
    if (isMissing(path)) {
        Layer own;
        own.file = path;
        return own;
    }
    return readLayer(path, LayerRank::User, Trust::OwnerOnly);
}

Rule ruleFor(std::string_view app, const std::optional<std::string>& source, Ruling action,
             std::int32_t priority, std::optional<std::uint64_t> until) {
    Rule rule;
    rule.match.app = globLiteral(app);
    if (source)
        rule.match.source = globLiteral(*source);
    rule.action = action;
    rule.priority = priority;
    rule.until = until;
    return rule;
}

bool replaces(const Rule& rule, const Rule& old) {
    Rule::Match about = old.match;
    if (!rule.match.source)
        about.source.reset();
    return about == rule.match && old.when == rule.when && (!rule.until || old.until);
}

bool remember(Layer& own, Rule rule, std::uint64_t now, Replaces what) {
    const auto isReplaced = [&](const Rule& old) {
        return replaces(rule, old) && (what == Replaces::AlsoNarrower || old.match == rule.match);
    };
    std::erase_if(own.rules, [&](const Rule& old) { return old.until && *old.until <= now; });
    const auto place = std::find_if(own.rules.begin(), own.rules.end(), isReplaced);
    if (place == own.rules.end()) {
        if (own.rules.size() >= ownRulesLimit)
            return false;
        own.rules.push_back(std::move(rule));
        return true;
    }
    own.rules.erase(std::remove_if(std::next(place), own.rules.end(), isReplaced), own.rules.end());
    *place = std::move(rule);
    return true;
}

std::size_t forget(Layer& own, std::string_view app) {
    const auto literal = globLiteral(app);
    return std::erase_if(own.rules, [&](const Rule& rule) { return rule.match.app == literal; });
}

OwnFileChange settingChange(const std::string& key, const SettingValue& value) {
    const bool takeBack = value == SettingValue(std::string());
    OwnFileChange change;
    change.make = [key, value, takeBack](Layer& own) -> std::optional<ConfigRefusal> {
        if (takeBack)
            own.said.erase(key);
        else
            own.said[key] = {value, {}, 0};
        return std::nullopt;
    };
    change.check = [key, value, takeBack](const Configuration& ahead) -> std::optional<ConfigRefusal> {
        if (takeBack || findKey(key)->take(ahead.settings) == value)
            return std::nullopt;
        if (const auto final = ahead.finals.find(key); final != ahead.finals.end())
            return ConfigRefusal{"InvalidConfig", key + " is final, by " + toString(final->second)};
        const auto origin = ahead.origins.find(key);
        return ConfigRefusal{
            "InvalidConfig",
            key + " is set by " +
                (origin == ahead.origins.end() ? "a stronger file" : toString(origin->second)) +
                ", which is stronger than the guard's own file; change it there"};
    };
    return change;
}

std::optional<ConfigRefusal> changeOwnFile(const std::vector<LayerFile>& files, const std::string& ownFile,
                                           const OwnFileChange& change) {
    const auto invalid = [](std::string message) {
        return ConfigRefusal{"InvalidConfig", std::move(message)};
    };
    if (ownFile.empty())
        return invalid(
            "the guard has no file of its own (it was started with --config, or without a home folder)");
    const auto folder = ownFile.substr(0, ownFile.rfind('/'));
    if (!makeFolders(folder))
        return invalid(failed("cannot make " + folder).value());
    const OpenFd turn(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!takeTurn(turn))
        return invalid("another program is changing " + ownFile + " and does not get done with it");
    auto own = readOwnFile(ownFile);
    if (!own)
        return invalid(summary(own.error()));
    if (auto refusal = change.make(*own))
        return refusal;
    const auto text = ownFileText(*own);
    const auto ahead = load(files, Replacement{ownFile, text});
    if (!ahead.errors.empty())
        return invalid(summary(ahead.errors));
    if (change.check)
        if (auto refusal = change.check(ahead.configuration))
            return refusal;
    if (const auto written = replaceFile(ownFile, text); !written)
        return invalid(written.error());
    return std::nullopt;
}

std::string ownFileText(const Layer& own) {
    const auto said = toToml(own);
    return std::string(header) + (said.empty() ? "" : "\n") + said;
}

tl::expected<void, std::string> replaceFile(const std::string& path, std::string_view text) {
    const auto slash = path.rfind('/');
    const auto folder = path.substr(0, slash);
    // Neither read as a fragment, because of the dot, nor mistaken for another one.
    const auto temporary = folder + "/." + path.substr(slash + 1) + ".new";
    if (!makeFolders(folder))
        return failed("cannot make " + folder);
    OpenFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (file.get() < 0)
        return failed("cannot write " + temporary);
    // One that a crash has left may have another mode.
    if (::fchmod(file.get(), 0600) != 0 || !writeAll(file.get(), text) || ::fsync(file.get()) != 0 ||
        !file.close() || ::rename(temporary.c_str(), path.c_str()) != 0) {
        auto fault = failed("cannot write " + path);
        ::unlink(temporary.c_str());
        return fault;
    }
    const OpenFd parent(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (parent.get() < 0 || ::fsync(parent.get()) != 0)
        return failed("cannot be sure that " + path + " is on the disk");
    return {};
}

} // namespace micguard
