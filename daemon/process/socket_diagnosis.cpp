// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/process/socket_diagnosis.hpp"

#include <array>
#include <cerrno>
#include <cstring>

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace micguard {
namespace {

constexpr std::size_t mostSockets = 65536;

struct Question {
    nlmsghdr header;
    unix_diag_req request;
};

template <typename T>
T valueOf(const nlattr* attribute) {
    T value{};
    if (attribute->nla_len >= NLA_HDRLEN + sizeof value)
        std::memcpy(&value, reinterpret_cast<const char*>(attribute) + NLA_HDRLEN, sizeof value);
    return value;
}

UnixSocket decoded(const nlmsghdr* header) {
    const auto* message = static_cast<const unix_diag_msg*>(NLMSG_DATA(header));
    UnixSocket found;
    found.inode = message->udiag_ino;
    found.listening = message->udiag_state == TCP_LISTEN;
    found.connected = message->udiag_state == TCP_ESTABLISHED && message->udiag_type == SOCK_STREAM;
    std::size_t left = header->nlmsg_len - NLMSG_LENGTH(sizeof *message);
    const auto* attribute = reinterpret_cast<const nlattr*>(message + 1);
    while (left >= NLA_HDRLEN && attribute->nla_len >= NLA_HDRLEN && attribute->nla_len <= left) {
        const auto* data = reinterpret_cast<const char*>(attribute) + NLA_HDRLEN;
        switch (attribute->nla_type) {
        case UNIX_DIAG_NAME:
            found.name.assign(data, attribute->nla_len - std::size_t{NLA_HDRLEN});
            // A path comes with its NUL, an abstract name begins with one.
            while (!found.name.empty() && found.name.back() == '\0')
                found.name.pop_back();
            break;
        case UNIX_DIAG_VFS: {
            const auto file = valueOf<unix_diag_vfs>(attribute);
            // The kernel's own layout: twelve bits and twenty.
            found.device = makedev(file.udiag_vfs_dev >> 20, file.udiag_vfs_dev & 0xfffff);
            found.file = file.udiag_vfs_ino;
            break;
        }
        case UNIX_DIAG_PEER:
            found.peer = valueOf<std::uint32_t>(attribute);
            break;
        default:
            break;
        }
        const std::size_t step = NLA_ALIGN(attribute->nla_len);
        if (step >= left)
            break;
        left -= step;
        attribute = reinterpret_cast<const nlattr*>(reinterpret_cast<const char*>(attribute) + step);
    }
    return found;
}

// False at the end of the list, or if it cannot be had.
bool take(const nlmsghdr* header, std::vector<UnixSocket>& sockets, bool& complete) {
    if ((header->nlmsg_flags & NLM_F_DUMP_INTR) != 0 || sockets.size() >= mostSockets)
        return false;
    if (header->nlmsg_type == NLMSG_DONE) {
        complete = true;
        return false;
    }
    if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY || header->nlmsg_len < NLMSG_LENGTH(sizeof(unix_diag_msg)))
        return false;
    sockets.push_back(decoded(header));
    return true;
}

std::optional<std::vector<UnixSocket>> listOver(int fd) {
    Question question{};
    question.header.nlmsg_len = sizeof question;
    question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
    question.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    question.request.sdiag_family = AF_UNIX;
    question.request.udiag_states = ~0U;
    question.request.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER;
    if (send(fd, &question, sizeof question, 0) != static_cast<ssize_t>(sizeof question))
        return std::nullopt;
    std::vector<UnixSocket> sockets;
    bool complete = false;
    alignas(nlmsghdr) std::array<char, 32768> buffer{};
    for (;;) {
        const ssize_t size = recv(fd, buffer.data(), buffer.size(), 0);
        if (size < 0 && errno == EINTR)
            continue;
        if (size <= 0)
            return std::nullopt;
        auto left = static_cast<std::uint32_t>(size);
        for (const auto* header = reinterpret_cast<const nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left))
            if (!take(header, sockets, complete))
                return complete ? std::optional(std::move(sockets)) : std::nullopt;
    }
}

} // namespace

std::optional<std::vector<UnixSocket>> listUnixSockets() {
    const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return std::nullopt;
    auto sockets = listOver(fd);
    close(fd);
    return sockets;
}

} // namespace micguard
