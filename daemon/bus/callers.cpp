// SPDX-License-Identifier: GPL-3.0-or-later
//
// org.freedesktop.DBus.GetConnectionCredentials, asynchronously. sd_bus_query_sender_creds() would do it with
// a blocking call, on the loop that has a mute to carry out.
#include "daemon/bus/callers.hpp"

#include "daemon/process/sandbox.hpp"

#include <cstdint>
#include <cstdio>
#include <optional>

#include <glib.h>

namespace micguard {

namespace {

// What a sender may ask before it is known who it is.
constexpr double mostUnknown = 256;

Allowance::Instant instant() {
    return static_cast<Allowance::Instant>(g_get_monotonic_time());
}

constexpr char driver[] = "org.freedesktop.DBus";
constexpr char driverPath[] = "/org/freedesktop/DBus";

// The process that a pidfd stands for; 0 if it is dead. Newer bus daemons pass one: unlike a number, it
// cannot come to mean another process.
std::uint32_t pidOfProcessFd(int fd) {
    const std::string path = "/proc/self/fdinfo/" + std::to_string(fd);
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
    char line[128];
    long pid = 0;
    while (file && std::fgets(line, sizeof line, file.get()))
        if (std::sscanf(line, "Pid: %ld", &pid) == 1)
            break;
    return pid > 0 ? static_cast<std::uint32_t>(pid) : 0;
}

// nullopt: the reply is not what the specification says.
std::optional<Credentials> readCredentials(sd_bus_message* reply) {
    Credentials credentials;
    std::optional<std::uint32_t> pidOfFd;
    if (sd_bus_message_enter_container(reply, 'a', "{sv}") < 0)
        return std::nullopt;
    int more = 0;
    while ((more = sd_bus_message_enter_container(reply, 'e', "sv")) > 0) {
        const char* key = nullptr;
        if (sd_bus_message_read(reply, "s", &key) < 0)
            return std::nullopt;
        const std::string_view name = key;
        int result = 0;
        if (name == "ProcessID") {
            result = sd_bus_message_read(reply, "v", "u", &credentials.pid);
        } else if (name == "UnixUserID") {
            result = sd_bus_message_read(reply, "v", "u", &credentials.uid);
            credentials.uidKnown = result >= 0;
        } else if (name == "ProcessFD") {
            int fd = -1; // the message's
            result = sd_bus_message_read(reply, "v", "h", &fd);
            if (result >= 0)
                pidOfFd = pidOfProcessFd(fd);
        } else if (name == "LinuxSecurityLabel") {
            const void* bytes = nullptr;
            std::size_t size = 0;
            result = sd_bus_message_enter_container(reply, 'v', "ay");
            if (result >= 0)
                result = sd_bus_message_read_array(reply, 'y', &bytes, &size);
            if (result >= 0)
                result = sd_bus_message_exit_container(reply);
            if (result >= 0 && size > 0) // NUL-terminated, the NUL counted
                credentials.securityLabel.assign(static_cast<const char*>(bytes), size - 1);
        } else {
            result = sd_bus_message_skip(reply, "v");
        }
        if (result < 0 || sd_bus_message_exit_container(reply) < 0)
            return std::nullopt;
    }
    if (more < 0)
        return std::nullopt;
    if (pidOfFd)
        credentials.pid = *pidOfFd;
    return credentials;
}

} // namespace

struct Callers::Entry {
    Callers* owner;
    std::string name;
    std::optional<Caller> caller; // empty until the bus has answered
    std::deque<Then> waiting;
    Slot watch;                      // NameOwnerChanged of this name
    Slot lookup;                     // the call under way
    ProcessCalls* process = nullptr; // once identified
    double spent = 0;                // until then
    bool crowded = false;            // one connection too many of its process
    bool passing = false;            // there is no room to remember it

    Entry(Callers* owner_, std::string name_)
        : owner(owner_)
        , name(std::move(name_)) {}
    ~Entry() {
        if (process)
            process->connections--;
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    void belongsTo(ProcessCalls& calls) {
        process = &calls;
        crowded = calls.connections >= ProcessCalls::mostConnections;
        calls.connections++;
        calls.charge(spent, instant());
    }

    // Queued calls are taken out first: one of them may make its sender send more.
    void serve(const Caller& known) {
        while (!waiting.empty()) {
            const Then then = std::move(waiting.front());
            waiting.pop_front();
            then(known);
        }
    }
};

Callers::Callers(sd_bus* bus, std::function<void(const std::string&)> onLeft)
    : bus_(bus)
    , onLeft_(std::move(onLeft)) {}

Callers::~Callers() = default;

// Those that are not served anyway go first: nothing depends on their leaving.
bool Callers::makeRoom() {
    if (entries_.size() < mostKnown)
        return true;
    for (auto it = entries_.begin(); it != entries_.end(); ++it)
        if (it->second->crowded && it->second->waiting.empty()) {
            entries_.erase(it);
            return true;
        }
    return false;
}

// Null if there is no room, or the bus cannot be asked.
Callers::Entry* Callers::meet(const std::string& uniqueName) {
    const auto known = entries_.find(uniqueName);
    if (known == entries_.end() && !makeRoom())
        return nullptr;
    Entry* entry =
        known != entries_.end()
            ? known->second.get()
            : entries_.emplace(uniqueName, std::make_unique<Entry>(this, uniqueName)).first->second.get();
    if (entry->caller || entry->lookup || ask(*entry))
        return entry;
    entries_.erase(uniqueName);
    return nullptr;
}

Admission Callers::admit(const std::string& uniqueName, double weight, bool onlyMutes,
                         const std::function<void(const Caller&)>& news) {
    const auto now = instant();
    Entry* entry = meet(uniqueName);
    if (entry && entry->process) {
        const Admission admission = entry->process->admit(weight, onlyMutes, !entry->crowded, now);
        if (admission != Admission::Serve && entry->process->isNews(now))
            news(Caller(*entry->caller));
        return admission;
    }
    if (onlyMutes)
        return Admission::Serve;
    if (entry && entry->spent + weight <= mostUnknown) {
        entry->spent += weight;
        return Admission::Serve;
    }
    return strangersRefused_.take(1, now) ? Admission::Refuse : Admission::Drop;
}

bool Callers::identify(const std::string& uniqueName, bool onlyMutes, Then then) {
    std::unique_ptr<Entry>& entry = entries_[uniqueName];
    if (!entry) {
        entry = std::make_unique<Entry>(this, uniqueName);
        entry->passing = entries_.size() > mostKnown;
    }
    if (entry->caller) {
        // A copy: `then` may come back here, or lead to the sender being forgotten.
        const Caller known = *entry->caller;
        then(known);
        return true;
    }
    if (entry->waiting.size() >= longestQueue + (onlyMutes ? furtherMutes : 0))
        return false;
    if (!entry->lookup && !ask(*entry)) {
        entries_.erase(uniqueName);
        return false;
    }
    entry->waiting.push_back(std::move(then));
    return true;
}

bool Callers::ask(Entry& entry) {
    // Watched first, asked second: if the sender leaves before the watch is set, the question fails.
    if (!entry.watch) {
        const std::string rule = std::string("type='signal',sender='") + driver + "',path='" + driverPath +
                                 "',interface='" + driver + "',member='NameOwnerChanged',arg0='" +
                                 entry.name + "',arg2=''";
        sd_bus_slot* slot = nullptr;
        if (sd_bus_add_match_async(bus_, &slot, rule.c_str(), onNameLost, onWatchSet, &entry) < 0)
            return false;
        entry.watch.reset(slot);
    }
    sd_bus_slot* slot = nullptr;
    if (sd_bus_call_method_async(bus_, &slot, driver, driverPath, driver, "GetConnectionCredentials",
                                 onCredentials, &entry, "s", entry.name.c_str()) < 0)
        return false;
    entry.lookup.reset(slot);
    return true;
}

int Callers::onCredentials(sd_bus_message* reply, void* userdata, sd_bus_error*) noexcept {
    auto& entry = *static_cast<Entry*>(userdata);
    Callers& self = *entry.owner;
    entry.lookup.reset();
    if (sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NAME_HAS_NO_OWNER)) {
        self.left(entry.name);
        return 0;
    }

    if (sd_bus_is_open(self.bus_) <= 0) {
        entry.waiting.clear();
        return 0;
    }

    std::optional<Credentials> credentials;
    if (!sd_bus_message_is_method_error(reply, nullptr))
        credentials = readCredentials(reply);

    // Who cannot be told is served as a stranger this once; the next call asks again.
    Caller caller;
    caller.uniqueName = entry.name;
    caller.sandbox = "unknown";
    if (credentials) {
        ProcessIdentity identity = identifyProcess("/proc", *credentials);
        caller.pid = credentials->pid;
        caller.uidKnown = credentials->uidKnown;
        if (credentials->uidKnown)
            caller.uid = credentials->uid;
        caller.executable = std::move(identity.executable);
        caller.sandbox = std::move(identity.sandbox.sandbox);
        caller.sandboxId = std::move(identity.sandbox.id);
        entry.caller = caller;
        entry.belongsTo(self.processes_.of(caller.pid, instant()));
    }
    entry.serve(caller);
    if (entry.passing)
        self.entries_.erase(std::string(entry.name));
    return 0;
}

int Callers::onWatchSet(sd_bus_message* reply, void* userdata, sd_bus_error*) noexcept {
    // The bus has no room for the match. A sender whose leaving would not be noticed is not served.
    // (Without this callback sd-bus would give up the whole connection.)
    auto& entry = *static_cast<Entry*>(userdata);
    if (sd_bus_message_is_method_error(reply, nullptr))
        entry.owner->left(entry.name);
    return 0;
}

int Callers::onNameLost(sd_bus_message*, void* userdata, sd_bus_error*) noexcept {
    auto& entry = *static_cast<Entry*>(userdata);
    entry.owner->left(entry.name);
    return 0;
}

void Callers::left(const std::string& uniqueName) {
    const auto node = entries_.extract(uniqueName); // kept until the end: uniqueName may be its own
    if (!node.empty())
        onLeft_(node.mapped()->name);
}

} // namespace micguard
