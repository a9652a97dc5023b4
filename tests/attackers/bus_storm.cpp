// SPDX-License-Identifier: GPL-3.0-or-later
// Tier 4, over D-Bus: calls made from the contract's own XML, each method and property of each object, with
// arguments that are right, wrong, enormous or broken; floods from many connections and several processes;
// connections that never read; ones that leave in the middle; descriptors nobody asked for; messages that are
// none. Writes to sockets by itself, since every library would refuse to send half of this.
#include <gio/gio.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr const char* busName = "org.micguard.MicGuard1";
constexpr const char* rootPath = "/org/micguard/MicGuard1";

constexpr std::array answers = {"Error.AccessDenied",  "Error.LimitExceeded", "Error.InvalidArgument",
                                "Error.InvalidArgs",   "Error.NoSuchObject",  "Error.UnknownMethod",
                                "Error.NotGuaranteed", "Error.SessionLocked", "Error.InvalidConfig",
                                "Error.NoReply"};

// Of one process; shared with the one that started it.
struct Figures {
    std::uint64_t calls, connections, lost, sent, received;
    std::uint64_t answers[::answers.size()];
};

struct Options {
    std::string xml;
    double seconds = 5;
    unsigned seed = 1, processes = 3;
    bool release = false; // also calls that end a guard which allows it
};

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
}

// A connection as the kernel has it.
class Raw {
  public:
    Raw(const std::string& path, Figures& figures)
        : figures_(figures)
        , fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
        const auto size =
            static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (path[0] ? 1 : 0));
        if (path[0] == '@')
            address.sun_path[0] = '\0';
        const timeval patience{5, 0};
        setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        alive_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), path[0] == '@' ? size - 1 : size) == 0 &&
                 authenticate();
        if (alive_)
            figures.connections++;
        fcntl(fd_, F_SETFL, O_NONBLOCK);
    }
    ~Raw() { close(fd_); }
    Raw(const Raw&) = delete;
    Raw& operator=(const Raw&) = delete;

    bool alive() const { return alive_; }
    bool idle() const { return unsent_.empty(); }

    void send(GDBusMessage* message, const std::function<void(std::string&)>& damage = {},
              int descriptors = 0) {
        g_dbus_message_set_serial(message, ++serial_);
        if (descriptors > 0)
            g_dbus_message_set_num_unix_fds(message, static_cast<guint32>(descriptors));
        gsize size = 0;
        guchar* blob =
            g_dbus_message_to_blob(message, &size, G_DBUS_CAPABILITY_FLAGS_UNIX_FD_PASSING, nullptr);
        if (!blob)
            return;
        std::string bytes(reinterpret_cast<const char*>(blob), size);
        g_free(blob);
        if (damage)
            damage(bytes);
        figures_.calls++;
        if (descriptors > 0 && unsent_.empty())
            return sendWith(bytes, descriptors);
        unsent_ += bytes;
        flush();
    }

    void flush() {
        while (alive_ && !unsent_.empty()) {
            const auto count = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
            if (count < 0) {
                alive_ = errno == EAGAIN || errno == EINTR;
                if (!alive_)
                    figures_.lost++;
                return;
            }
            figures_.sent += static_cast<std::uint64_t>(count);
            unsent_.erase(0, static_cast<std::size_t>(count));
        }
    }

    void drain() {
        std::array<char, 65536> buffer{};
        while (alive_) {
            const auto count = recv(fd_, buffer.data(), buffer.size(), 0);
            if (count <= 0) {
                alive_ = count < 0 && (errno == EAGAIN || errno == EINTR);
                if (!alive_)
                    figures_.lost++;
                return;
            }
            figures_.received += static_cast<std::uint64_t>(count);
            const std::string_view text(buffer.data(), static_cast<std::size_t>(count));
            for (std::size_t kind = 0; kind < answers.size(); kind++)
                for (auto at = text.find(answers[kind]); at != text.npos;
                     at = text.find(answers[kind], at + 1))
                    figures_.answers[kind]++;
        }
    }

  private:
    bool authenticate() {
        std::string greeting(1, '\0');
        greeting += "AUTH EXTERNAL ";
        for (const char digit : std::to_string(getuid())) {
            char hex[3];
            std::snprintf(hex, sizeof hex, "%02x", static_cast<unsigned>(digit));
            greeting += hex;
        }
        greeting += "\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";
        if (::send(fd_, greeting.data(), greeting.size(), MSG_NOSIGNAL) < 0)
            return false;
        GDBusMessage* hello = g_dbus_message_new_method_call("org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                             "org.freedesktop.DBus", "Hello");
        alive_ = true;
        send(hello);
        g_object_unref(hello);
        std::array<char, 4096> buffer{};
        std::string heard;
        while (heard.find("NameAcquired") == heard.npos) {
            const auto count = recv(fd_, buffer.data(), buffer.size(), 0);
            if (count <= 0)
                return false;
            heard.append(buffer.data(), static_cast<std::size_t>(count));
        }
        return true;
    }

    void sendWith(const std::string& bytes, int descriptors) {
        std::vector<int> fds(static_cast<std::size_t>(descriptors), STDIN_FILENO);
        std::vector<char> control(CMSG_SPACE(sizeof(int) * fds.size()));
        iovec part{const_cast<char*>(bytes.data()), bytes.size()};
        msghdr header{};
        header.msg_iov = &part;
        header.msg_iovlen = 1;
        header.msg_control = control.data();
        header.msg_controllen = control.size();
        cmsghdr* one = CMSG_FIRSTHDR(&header);
        one->cmsg_level = SOL_SOCKET;
        one->cmsg_type = SCM_RIGHTS;
        one->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
        std::memcpy(CMSG_DATA(one), fds.data(), sizeof(int) * fds.size());
        const auto count = sendmsg(fd_, &header, MSG_NOSIGNAL);
        if (count < 0) {
            alive_ = errno == EAGAIN;
            return;
        }
        figures_.sent += static_cast<std::uint64_t>(count);
        unsent_ = bytes.substr(static_cast<std::size_t>(count));
    }

    Figures& figures_;
    int fd_;
    bool alive_ = false;
    guint32 serial_ = 0;
    std::string unsent_;
};

struct Member {
    std::string folder, interface, name, signature; // folder: "" the guard itself
    bool property = false;
};

std::vector<Member> membersOf(const std::string& file) {
    gchar* text = nullptr;
    GDBusNodeInfo* node = nullptr;
    if (!g_file_get_contents(file.c_str(), &text, nullptr, nullptr) ||
        !(node = g_dbus_node_info_new_for_xml(text, nullptr))) {
        std::fprintf(stderr, "bus_storm: %s cannot be read\n", file.c_str());
        std::exit(2);
    }
    g_free(text);
    std::vector<Member> members;
    const auto take = [&](const GDBusNodeInfo* one, const std::string& folder) {
        for (auto** interface = one->interfaces; interface && *interface; interface++) {
            for (auto** method = (*interface)->methods; method && *method; method++) {
                std::string signature;
                for (auto** argument = (*method)->in_args; argument && *argument; argument++)
                    signature += (*argument)->signature;
                members.push_back({folder, (*interface)->name, (*method)->name, signature});
            }
            for (auto** property = (*interface)->properties; property && *property; property++)
                members.push_back(
                    {folder, (*interface)->name, (*property)->name, (*property)->signature, true});
        }
    };
    take(node, "");
    for (auto** child = node->nodes; child && *child; child++) {
        const std::string path = (*child)->path;
        take(*child, "/" + path.substr(0, path.find('/')));
    }
    g_dbus_node_info_unref(node);
    return members;
}

// Values from the ordinary to the absurd.
class Values {
  public:
    explicit Values(Random& random)
        : random_(random) {}

    std::string text() {
        static const std::array ordinary = {"",
                                            "silence",
                                            "sever",
                                            "allow",
                                            "deny",
                                            "ask",
                                            "once",
                                            "run",
                                            "always",
                                            "mute.mode",
                                            "mute.led",
                                            "history.enabled",
                                            "history.keep-days",
                                            "bus.trusted",
                                            "org.example.App",
                                            "/usr/bin/true",
                                            "kinds",
                                            "since",
                                            "until",
                                            "limit",
                                            "app",
                                            "source",
                                            "seconds",
                                            "sources",
                                            "/org/micguard/MicGuard1/apps/1",
                                            "%s%n%x",
                                            "a\nb",
                                            "\x1b[2J\x1b]0;owned\a",
                                            "<b>bold</b>",
                                            "../../etc/passwd",
                                            "\u202e txt.exe",
                                            "\u0085",
                                            "[[rule]]",
                                            "\"",
                                            "'",
                                            "\\"};
        // What a call has to have to be obeyed.
        static const std::array words = {"allow",   "deny",      "ask",      "once",           "always",
                                         "silence", "mute.mode", "mute.led", "org.example.App"};
        switch (below(random_, 20)) {
        case 0:
            return std::string(below(random_, 2) ? 256 : 257, 'r');
        case 1:
            return std::string(below(random_, 2) ? 1024 : 1025, 'n');
        case 2:
            return below(random_, 8) ? std::string(65'537, 'x') : std::string(1 << 20, 'y');
        case 3:
            return std::to_string(below(random_, 100'000));
        case 4:
        case 5:
        case 6:
        case 7:
            return words[below(random_, words.size())];
        default:
            return ordinary[below(random_, ordinary.size())];
        }
    }

    GVariant* any(int depth = 0) {
        static const std::array leaves = {"b", "x", "s", "as", "t", "u", "d", "y"};
        if (depth < 40 && below(random_, 4) == 0)
            return g_variant_new_variant(any(depth + 1));
        return of(leaves[below(random_, leaves.size())]);
    }

    GVariant* of(const std::string& type) {
        switch (type[0]) {
        case 'b':
            return g_variant_new_boolean(below(random_, 2) != 0);
        case 'y':
            return g_variant_new_byte(static_cast<guint8>(random_()));
        case 'x':
            return g_variant_new_int64(number<gint64>());
        case 't':
            return g_variant_new_uint64(number<guint64>());
        case 'u':
            return g_variant_new_uint32(number<guint32>());
        case 'd':
            return g_variant_new_double(static_cast<double>(number<gint64>()));
        case 'o':
            return g_variant_new_object_path(rootPath);
        case 'v':
            return g_variant_new_variant(any());
        case 'a':
            return array(type.substr(1));
        default:
            return g_variant_new_string(text().c_str());
        }
    }

    GVariant* arguments(const std::string& signature) {
        GVariantBuilder builder;
        g_variant_builder_init(&builder, G_VARIANT_TYPE_TUPLE);
        for (const gchar *at = signature.c_str(), *end = nullptr; *at; at = end) {
            if (!g_variant_type_string_scan(at, nullptr, &end))
                break;
            g_variant_builder_add_value(&builder, of(std::string(at, end)));
        }
        return g_variant_builder_end(&builder);
    }

  private:
    template <typename T>
    T number() {
        switch (below(random_, 4)) {
        case 0:
            return static_cast<T>(below(random_, 3));
        case 1:
            return std::numeric_limits<T>::max();
        case 2:
            return std::numeric_limits<T>::min();
        default:
            return static_cast<T>(random_());
        }
    }

    GVariant* array(const std::string& element) {
        // Options, most of which are none, go together with everything else.
        const std::size_t count = element == "{sv}" && below(random_, 2) ? 0
                                  : below(random_, 20) == 0              ? 20'000
                                                                         : below(random_, 6);
        GVariantBuilder builder;
        g_variant_builder_init(&builder, G_VARIANT_TYPE(("a" + element).c_str()));
        for (std::size_t index = 0; index < count; index++) {
            if (element == "{sv}")
                g_variant_builder_add(&builder, "{sv}",
                                      count > 100 ? std::to_string(index).c_str() : text().c_str(),
                                      count > 100 ? g_variant_new_boolean(TRUE) : any());
            else
                g_variant_builder_add_value(
                    &builder, count > 100 && element == "s" ? g_variant_new_string("many") : of(element));
        }
        return g_variant_builder_end(&builder);
    }

    Random& random_;
};

class Storm {
  public:
    Storm(const Options& options, std::string address, Figures& figures, unsigned number)
        : options_(options)
        , address_(std::move(address))
        , figures_(figures)
        , random_(options.seed * 1000 + number)
        , values_(random_)
        , members_(membersOf(options.xml)) {}

    void run() {
        const gint64 end = g_get_monotonic_time() + static_cast<gint64>(options_.seconds * G_USEC_PER_SEC);
        while (g_get_monotonic_time() < end) {
            shapes();
            flood();
            deaf();
            leave();
            broken();
        }
    }

  private:
    using Pool = std::vector<std::unique_ptr<Raw>>;
    struct MessageUnref {
        void operator()(GDBusMessage* message) const { g_object_unref(message); }
    };
    using Message = std::unique_ptr<GDBusMessage, MessageUnref>;

    Raw& of(Pool& pool, std::size_t size) {
        pool.resize(size);
        auto& raw = pool[below(random_, size)];
        if (!raw || !raw->alive())
            raw = std::make_unique<Raw>(address_, figures_);
        return *raw;
    }

    Message call(const std::string& path, const std::string& interface, const std::string& member,
                 GVariant* body) {
        Message message(
            g_dbus_message_new_method_call(busName, path.c_str(), interface.c_str(), member.c_str()));
        g_dbus_message_set_body(message.get(), body);
        if (below(random_, 4) == 0)
            g_dbus_message_set_flags(message.get(), G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
        return message;
    }

    Message any() {
        const Member& member = members_[below(random_, members_.size())];
        std::string path = rootPath + member.folder;
        if (!member.folder.empty())
            path += "/" + std::to_string(below(random_, 12) + 1);
        if (below(random_, 50) == 0)
            path += "/nowhere";
        if (member.property) {
            static const std::array how = {"Get", "Set", "GetAll"};
            const std::string access = how[below(random_, how.size())];
            GVariant* body =
                access == "Get" ? g_variant_new("(ss)", member.interface.c_str(), member.name.c_str())
                : access == "Set"
                    ? g_variant_new("(ssv)", member.interface.c_str(), member.name.c_str(), values_.any())
                    : g_variant_new("(s)", member.interface.c_str());
            return call(path, "org.freedesktop.DBus.Properties", access, body);
        }
        std::string signature = member.signature;
        const bool wrong = below(random_, 5) == 0;
        if (wrong) {
            static const std::array others = {"",    "s", "b",   "sv", "a{sv}", "ssssssss",
                                              "aas", "x", "bbb", "v",  "o",     "t"};
            signature = others[below(random_, others.size())];
        }
        // With the right arguments it is obeyed.
        if (member.name == "Release" && !options_.release)
            signature = "s";
        return call(path, member.interface,
                    wrong && below(random_, 10) == 0 ? member.name + "X" : member.name,
                    values_.arguments(signature));
    }

    // As fast as one is served.
    void shapes() {
        for (int count = 0; count < 150; count++) {
            Raw& raw = of(readers_, 8);
            if (raw.idle())
                raw.send(any().get());
            raw.flush();
            raw.drain();
        }
        g_usleep(20'000);
    }

    // Faster.
    void flood() {
        const std::array<std::pair<const char*, const char*>, 5> cheap = {{{"SetMode", "s"},
                                                                           {"HoldMute", "s"},
                                                                           {"HoldUnmute", "s"},
                                                                           {"ToggleMuted", ""},
                                                                           {"Explain", "s"}}};
        for (int count = 0; count < 1500; count++) {
            Raw& raw = of(floods_, 24);
            if (raw.idle()) {
                const auto& [member, signature] = cheap[below(random_, cheap.size())];
                raw.send(call(rootPath, busName, member, *signature ? g_variant_new("(s)", "flood") : nullptr)
                             .get());
            }
            raw.flush();
            if (count % 50 == 0)
                for (auto& one : floods_)
                    if (one)
                        one->drain();
        }
    }

    // Asks for long answers and takes none of them.
    void deaf() {
        for (int count = 0; count < 40; count++) {
            Raw& raw = of(deaf_, 6);
            if (!raw.idle()) {
                raw.flush();
                continue;
            }
            if (count % 2)
                raw.send(
                    call(rootPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", nullptr).get());
            else
                raw.send(call(rootPath, "org.freedesktop.DBus.Introspectable", "Introspect", nullptr).get());
        }
        if (below(random_, 20) == 0)
            deaf_.clear();
    }

    void leave() {
        for (int count = 0; count < 20; count++) {
            Raw raw(address_, figures_);
            const std::size_t calls = below(random_, 4);
            for (std::size_t one = 0; raw.alive() && one < calls; one++)
                raw.send(any().get(), one + 1 == calls && below(random_, 2)
                                          ? [](std::string& bytes) { bytes.resize(bytes.size() / 2); }
                                          : std::function<void(std::string&)>());
        }
    }

    // Messages that are none: most of them end the connection, at the bus.
    void broken() {
        for (int count = 0; count < 10; count++) {
            Raw& raw = of(broken_, 4);
            raw.send(any().get(), [this](std::string& bytes) {
                for (std::size_t flips = below(random_, 4) + 1; flips > 0; flips--)
                    bytes[below(random_, 3)
                              ? bytes.size() - 1 - below(random_, std::min<std::size_t>(bytes.size(), 64))
                              : below(random_, bytes.size())] = static_cast<char>(random_());
            });
            raw.drain();
        }
        for (int count = 0; count < 4; count++) {
            Raw& raw = of(broken_, 4);
            if (raw.idle())
                raw.send(call(rootPath, busName, "SetMode", g_variant_new("(s)", "silence")).get(), {},
                         below(random_, 2) ? 16 : 250);
            raw.drain();
        }
    }

    const Options& options_;
    std::string address_;
    Figures& figures_;
    Random random_;
    Values values_;
    std::vector<Member> members_;
    Pool readers_, floods_, deaf_, broken_;
};

std::string busSocket() {
    const char* address = std::getenv("DBUS_SESSION_BUS_ADDRESS");
    const std::string text = address ? address : "";
    for (const auto& [key, prefix] : {std::pair{"path=", ""}, std::pair{"abstract=", "@"}})
        if (const auto at = text.find(key); at != text.npos) {
            const auto begin = at + std::strlen(key);
            return prefix + text.substr(begin, text.find_first_of(",;", begin) - begin);
        }
    std::fprintf(stderr, "bus_storm: no session bus on a socket\n");
    std::exit(2);
}

Options parse(int argc, char** argv) {
    Options options;
    for (int index = 1; index < argc; index++) {
        const std::string name = argv[index];
        if (name == "--release") {
            options.release = true;
            continue;
        }
        const std::string value = index + 1 < argc ? argv[++index] : "";
        if (name == "--xml")
            options.xml = value;
        else if (name == "--seconds")
            options.seconds = std::strtod(value.c_str(), nullptr);
        else if (name == "--seed")
            options.seed = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
        else if (name == "--processes")
            options.processes = static_cast<unsigned>(std::strtoul(value.c_str(), nullptr, 10));
        else
            options.xml.clear(), index = argc;
    }
    if (options.xml.empty() || options.processes == 0) {
        std::fprintf(
            stderr,
            "usage: attack-bus_storm --xml CONTRACT [--seconds N] [--seed N] [--processes N] [--release]\n");
        std::exit(2);
    }
    return options;
}

} // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    const std::string address = busSocket();
    signal(SIGPIPE, SIG_IGN);
    auto* figures = static_cast<Figures*>(mmap(nullptr, sizeof(Figures) * options.processes,
                                               PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    for (unsigned number = 0; number < options.processes; number++)
        if (fork() == 0) {
            Storm(options, address, figures[number], number).run();
            _exit(0);
        }
    int failed = 0;
    for (int status = 0; wait(&status) > 0;)
        failed += status != 0;
    Figures sum{};
    for (unsigned number = 0; number < options.processes; number++) {
        const Figures& one = figures[number];
        sum.calls += one.calls;
        sum.connections += one.connections;
        sum.lost += one.lost;
        sum.sent += one.sent;
        sum.received += one.received;
        for (std::size_t kind = 0; kind < answers.size(); kind++)
            sum.answers[kind] += one.answers[kind];
    }
    std::printf("{\"attacker\": \"bus_storm\", \"tier\": 4, \"calls\": %ju, \"connections\": %ju, \"lost\": "
                "%ju, \"sent\": %ju, "
                "\"received\": %ju, \"failed\": %d",
                static_cast<uintmax_t>(sum.calls), static_cast<uintmax_t>(sum.connections),
                static_cast<uintmax_t>(sum.lost), static_cast<uintmax_t>(sum.sent),
                static_cast<uintmax_t>(sum.received), failed);
    for (std::size_t kind = 0; kind < answers.size(); kind++)
        std::printf(", \"%s\": %ju", answers[kind] + std::strlen("Error."),
                    static_cast<uintmax_t>(sum.answers[kind]));
    std::puts("}");
    return failed ? 1 : 0;
}
