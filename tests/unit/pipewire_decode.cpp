// SPDX-License-Identifier: GPL-3.0-or-later
//
// Dictionaries and pods as a hostile client would send them: what does not parse is left at its default.
#include "daemon/pipewire/decode.hpp"

#include "daemon/model/applied.hpp"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <random>

#include <pipewire/keys.h>
#include <spa/param/props.h>
#include <spa/param/route.h>
#include <spa/pod/builder.h>
#include <spa/utils/dict.h>

#include <catch2/catch_get_random_seed.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace micguard;

namespace {

class Dict {
  public:
    Dict(std::initializer_list<std::pair<const std::string, std::string>> values)
        : values_(values) {
        for (const auto& [key, value] : values_)
            items_.push_back({key.c_str(), value.c_str()});
        dict_ = {0, static_cast<std::uint32_t>(items_.size()), items_.data()};
    }
    Dict(const Dict&) = delete;
    Dict& operator=(const Dict&) = delete;
    operator const spa_dict*() const { return &dict_; }

  private:
    std::map<std::string, std::string> values_;
    std::vector<spa_dict_item> items_;
    spa_dict dict_{};
};

// A pod in a heap block of its very size, so that a sanitizer sees a read beyond the end.
class Pod {
  public:
    explicit Pod(const std::function<void(spa_pod_builder&)>& build) {
        std::vector<std::byte> buffer(8192);
        spa_pod_builder b{buffer.data(), static_cast<std::uint32_t>(buffer.size()), 0, {}, {}};
        build(b);
        REQUIRE(b.state.offset <= buffer.size());
        bytes_.assign(buffer.begin(), buffer.begin() + b.state.offset);
    }
    explicit Pod(std::vector<std::byte> bytes)
        : bytes_(std::move(bytes)) {}
    const spa_pod* get() const { return reinterpret_cast<const spa_pod*>(bytes_.data()); }
    const std::vector<std::byte>& bytes() const { return bytes_; }

  private:
    std::vector<std::byte> bytes_;
};

using Build = std::function<void(spa_pod_builder&)>;

// Props { mute, monitorMute, params = [ whatever `params` writes ] }
Pod props(const Build& params) {
    return Pod([&](spa_pod_builder& b) {
        spa_pod_frame object{}, list{};
        spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props, SPA_PARAM_Props);
        spa_pod_builder_prop(&b, SPA_PROP_mute, 0);
        spa_pod_builder_bool(&b, true);
        spa_pod_builder_prop(&b, SPA_PROP_monitorMute, 0);
        spa_pod_builder_bool(&b, true);
        spa_pod_builder_prop(&b, SPA_PROP_params, 0);
        spa_pod_builder_push_struct(&b, &list);
        params(b);
        spa_pod_builder_pop(&b, &list);
        spa_pod_builder_pop(&b, &object);
    });
}

void maxVolume(spa_pod_builder& b, float value) {
    spa_pod_builder_string(&b, "channelmix.max-volume");
    spa_pod_builder_float(&b, value);
}

Pod route(const Build& info, bool withProps) {
    return Pod([&](spa_pod_builder& b) {
        spa_pod_frame object{}, list{}, mute{};
        spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_ParamRoute, SPA_PARAM_Route);
        spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_index, 0);
        spa_pod_builder_int(&b, 3);
        spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_direction, 0);
        spa_pod_builder_id(&b, SPA_DIRECTION_INPUT);
        spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_device, 0);
        spa_pod_builder_int(&b, 7);
        spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_info, 0);
        spa_pod_builder_push_struct(&b, &list);
        info(b);
        spa_pod_builder_pop(&b, &list);
        if (withProps) {
            spa_pod_builder_prop(&b, SPA_PARAM_ROUTE_props, 0);
            spa_pod_builder_push_object(&b, &mute, SPA_TYPE_OBJECT_Props, SPA_PARAM_Route);
            spa_pod_builder_prop(&b, SPA_PROP_mute, 0);
            spa_pod_builder_bool(&b, true);
            spa_pod_builder_pop(&b, &mute);
        }
        spa_pod_builder_pop(&b, &object);
    });
}

void hardwareMute(spa_pod_builder& b, std::int32_t count) {
    spa_pod_builder_int(&b, count);
    spa_pod_builder_string(&b, "route.hw-mute");
    spa_pod_builder_string(&b, "true");
}

} // namespace

TEST_CASE("nothing at all decodes to defaults") {
    CHECK(decode::client(5, nullptr).pid == 0);
    CHECK(decode::client(5, nullptr).serial == Serial{5});
    CHECK(decode::node(5, nullptr).mediaClass.empty());
    CHECK_FALSE(decode::node(5, nullptr).client);
    CHECK(decode::port(5, nullptr).node == GlobalId{0xffffffff});
    CHECK(decode::link(5, nullptr).inputPort == GlobalId{0xffffffff});
    CHECK(decode::device(5, nullptr).name.empty());
    CHECK_FALSE(decode::knob(nullptr));
    CHECK_FALSE(decode::route(nullptr));
}

TEST_CASE("a client's kernel facts and claims are told apart") {
    const Dict dict{{PW_KEY_OBJECT_SERIAL, "77"},
                    {PW_KEY_SEC_PID, "4242"},
                    {PW_KEY_SEC_UID, "1000"},
                    {PW_KEY_SEC_SOCKET, "pipewire-0-manager"},
                    {PW_KEY_APP_PROCESS_ID, "1"},
                    {PW_KEY_APP_PROCESS_BINARY, "firefox"},
                    {"pipewire.access.portal.app_id", "org.App"},
                    {"pipewire.snap.id", "snap"},
                    {PW_KEY_ACCESS, "flatpak"}};
    const Client client = decode::client(5, dict);
    CHECK(client.serial == Serial{77});
    CHECK(client.pid == 4242);
    CHECK(client.uid == 1000);
    CHECK(client.applicationPid == 1);
    CHECK(client.socket == "pipewire-0-manager");
    CHECK(client.portalAppId == "org.App");
    CHECK(client.snapId == "snap");
    CHECK(client.access == "flatpak");
    // Never from properties: these are looked up or known.
    CHECK_FALSE(client.self);
    CHECK_FALSE(client.executableTrue);
    CHECK(client.executable.empty());
}

TEST_CASE("numbers that are none are left out") {
    for (const char* bad : {"", "x", "12x", "-", "99999999999999999999", "1e3", " ", "\xff"}) {
        INFO(bad);
        const Dict dict{{PW_KEY_OBJECT_SERIAL, bad},    {PW_KEY_SEC_PID, bad},
                        {PW_KEY_CLIENT_ID, bad},        {PW_KEY_DEVICE_ID, bad},
                        {"card.profile.device", bad},   {PW_KEY_NODE_ID, bad},
                        {PW_KEY_LINK_OUTPUT_NODE, bad}, {"channelmix.max-volume", "x"}};
        CHECK(decode::client(5, dict).pid == 0);
        CHECK(decode::client(5, dict).serial == Serial{5});
        CHECK_FALSE(decode::node(5, dict).client);
        CHECK_FALSE(decode::node(5, dict).device);
        CHECK(decode::node(5, dict).profileDevice == -1);
        CHECK_FALSE(decode::node(5, dict).configuredMaxVolume);
        CHECK(decode::port(5, dict).node == GlobalId{0xffffffff});
        CHECK(decode::link(5, dict).outputNode == GlobalId{0xffffffff});
    }
}

TEST_CASE("a name of a megabyte is cut where it enters") {
    const std::string huge(1 << 20, 'x');
    const Dict dict{{PW_KEY_NODE_NAME, huge},   {PW_KEY_APP_NAME, huge},   {PW_KEY_MEDIA_CLASS, huge},
                    {PW_KEY_DEVICE_NAME, huge}, {PW_KEY_FORMAT_DSP, huge}, {PW_KEY_NODE_LINK_GROUP, huge}};
    CHECK(decode::node(5, dict).name.size() == 1024);
    CHECK(decode::node(5, dict).applicationName.size() == 1024);
    CHECK(decode::node(5, dict).mediaClass.size() == 1024);
    CHECK(decode::client(5, dict).applicationName.size() == 1024);
    CHECK(decode::device(5, dict).name.size() == 1024);
    CHECK(decode::port(5, dict).format.size() == 1024);
}

TEST_CASE("a key without a value is an absent key") {
    const spa_dict_item items[] = {
        {PW_KEY_NODE_NAME, nullptr}, {PW_KEY_CLIENT_ID, nullptr}, {PW_KEY_NODE_NETWORK, nullptr}};
    const spa_dict dict = {0, 3, items};
    CHECK(decode::node(5, &dict).name.empty());
    CHECK_FALSE(decode::node(5, &dict).client);
    CHECK_FALSE(decode::node(5, &dict).network);
}

TEST_CASE("ports: direction, monitor, and both ways to say physical") {
    CHECK(decode::port(5, Dict{{PW_KEY_PORT_DIRECTION, "out"}}).output);
    CHECK_FALSE(decode::port(5, Dict{{PW_KEY_PORT_DIRECTION, "output"}}).output);
    CHECK(decode::port(5, Dict{{PW_KEY_PORT_MONITOR, "true"}}).monitor);
    CHECK(decode::port(5, Dict{{PW_KEY_PORT_PHYSICAL, "true"}}).physical);
    CHECK(decode::port(5, Dict{{PW_KEY_PORT_TERMINAL, "1"}}).physical);
    CHECK_FALSE(decode::port(5, Dict{{PW_KEY_PORT_PHYSICAL, "no"}}).physical);
}

TEST_CASE("a knob is read from an adapter's Props") {
    const auto reading = decode::knob(props([](spa_pod_builder& b) {
                                          spa_pod_builder_string(&b, "channelmix.lock-volumes");
                                          spa_pod_builder_bool(&b, true);
                                          maxVolume(b, 0.0f);
                                          spa_pod_builder_string(&b, "audio.channels");
                                          spa_pod_builder_int(&b, 2);
                                      }).get());
    REQUIRE(reading);
    CHECK(reading->present);
    CHECK(reading->maxVolume == 0.0f);
    CHECK(reading->mute);
    CHECK(reading->monitorMute);
    CHECK(reading->locked);
}

TEST_CASE("what the guard writes it can read") {
    for (const float value : {0.0f, 1.5f, 10.0f}) {
        auto pod = encode::knob(value, true);
        const auto reading = decode::knob(pod.pod());
        REQUIRE(reading);
        CHECK(reading->maxVolume == value);
        CHECK(reading->monitorMute);
    }
    CHECK_FALSE(decode::knob(encode::userMute(true).pod()));
    auto mute = encode::routeMute(3, 7, true, false);
    CHECK_FALSE(decode::route(mute.pod())); // without a direction: a request, no report
}

TEST_CASE("Props without a limit are a follower's own and no evidence") {
    CHECK_FALSE(decode::knob(props([](spa_pod_builder&) {}).get()));
    CHECK_FALSE(decode::knob(props([](spa_pod_builder& b) {
                                 spa_pod_builder_string(&b, "channelmix.min-volume");
                                 spa_pod_builder_float(&b, 0.0f);
                             }).get()));
}

TEST_CASE("a limit of the wrong type is no limit, and silences nothing in our eyes") {
    const Build wrong[] = {[](spa_pod_builder& b) { spa_pod_builder_int(&b, 0); },
                           [](spa_pod_builder& b) { spa_pod_builder_double(&b, 0.0); },
                           [](spa_pod_builder& b) { spa_pod_builder_string(&b, "0.0"); },
                           [](spa_pod_builder& b) { spa_pod_builder_none(&b); },
                           [](spa_pod_builder& b) { spa_pod_builder_bool(&b, false); }};
    for (const auto& value : wrong)
        CHECK_FALSE(decode::knob(props([&](spa_pod_builder& b) {
                                     spa_pod_builder_string(&b, "channelmix.max-volume");
                                     value(b);
                                 }).get()));
}

TEST_CASE("params that are no list of keys and values end the reading") {
    CHECK_FALSE(decode::knob(
        props([](spa_pod_builder& b) { spa_pod_builder_string(&b, "channelmix.max-volume"); }).get()));
    CHECK_FALSE(decode::knob(props([](spa_pod_builder& b) {
                                 spa_pod_builder_int(&b, 7);
                                 maxVolume(b, 0.0f);
                             }).get()));
    CHECK_FALSE(decode::knob(Pod([](spa_pod_builder& b) {
                                 spa_pod_frame object{};
                                 spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Props,
                                                             SPA_PARAM_Props);
                                 spa_pod_builder_prop(&b, SPA_PROP_params, 0);
                                 spa_pod_builder_string(&b, "channelmix.max-volume");
                                 spa_pod_builder_pop(&b, &object);
                             }).get()));
}

TEST_CASE("a limit that is no number at all is never silence") {
    const auto reading = decode::knob(
        props([](spa_pod_builder& b) { maxVolume(b, std::numeric_limits<float>::quiet_NaN()); }).get());
    if (reading)
        CHECK_FALSE(reading->maxVolume == 0.0f);
    else
        SUCCEED();
}

TEST_CASE("pods of another type are neither knob nor route") {
    const Pod pods[] = {
        Pod([](spa_pod_builder& b) { spa_pod_builder_int(&b, 1); }),
        Pod([](spa_pod_builder& b) { spa_pod_builder_string(&b, "channelmix.max-volume"); }),
        Pod([](spa_pod_builder& b) { spa_pod_builder_none(&b); }), Pod([](spa_pod_builder& b) {
            spa_pod_frame list{};
            spa_pod_builder_push_struct(&b, &list);
            maxVolume(b, 0.0f);
            spa_pod_builder_pop(&b, &list);
        }),
        Pod([](spa_pod_builder& b) {
            spa_pod_frame object{};
            spa_pod_builder_push_object(&b, &object, SPA_TYPE_OBJECT_Format, SPA_PARAM_Format);
            spa_pod_builder_pop(&b, &object);
        })};
    for (const auto& pod : pods) {
        CHECK_FALSE(decode::knob(pod.get()));
        CHECK_FALSE(decode::route(pod.get()));
    }
}

TEST_CASE("a route tells its switch and whether the hardware has one") {
    const auto full = decode::route(route([](spa_pod_builder& b) { hardwareMute(b, 1); }, true).get());
    REQUIRE(full);
    CHECK(full->index == 3);
    CHECK(full->profileDevice == 7);
    CHECK(full->input);
    CHECK(full->mute);
    CHECK(full->hardwareMute);
    const auto plain = decode::route(route([](spa_pod_builder&) {}, false).get());
    REQUIRE(plain);
    CHECK_FALSE(plain->mute);
    CHECK_FALSE(plain->hardwareMute);
}

TEST_CASE("a route that lies about how many words it has is read as far as they go") {
    for (const std::int32_t count : {-1, 0, 2, 1'000'000'000, std::numeric_limits<std::int32_t>::max()}) {
        INFO(count);
        const auto read =
            decode::route(route([&](spa_pod_builder& b) { hardwareMute(b, count); }, false).get());
        REQUIRE(read);
        CHECK(read->hardwareMute == (count > 0));
    }
    const auto wrong = decode::route(route(
                                         [](spa_pod_builder& b) {
                                             spa_pod_builder_int(&b, 1);
                                             spa_pod_builder_int(&b, 2);
                                             spa_pod_builder_int(&b, 3);
                                         },
                                         false)
                                         .get());
    REQUIRE(wrong);
    CHECK_FALSE(wrong->hardwareMute);
}

TEST_CASE("pods with bytes changed inside a sound envelope are read or refused, never worse") {
    // The envelope is checked before a pod reaches us (the protocol's demarshalling): its outer size stays
    // true.
    std::mt19937 random(Catch::getSeed());
    const Pod good[] = {props([](spa_pod_builder& b) { maxVolume(b, 0.0f); }),
                        route([](spa_pod_builder& b) { hardwareMute(b, 1); }, true)};
    std::size_t readings = 0, rounds = 0;
    for (const auto& pod : good)
        for (int round = 0; round < 4000; round++) {
            auto bytes = pod.bytes();
            for (auto changes = 1 + random() % 3; changes > 0; changes--)
                bytes[sizeof(spa_pod) + random() % (bytes.size() - sizeof(spa_pod))] =
                    static_cast<std::byte>(random() % 4 ? random() % 32 : random());
            const Pod changed(std::move(bytes));
            readings += decode::knob(changed.get()) ? 1 : 0;
            readings += decode::route(changed.get()) ? 1 : 0;
            rounds++;
        }
    CHECK(readings > 0);
    CHECK(readings < rounds);
}

TEST_CASE("whether the Pulse server has corked a stream is known only where it says so") {
    CHECK(decode::node(7, Dict{{"pulse.corked", "true"}}).corked == true);
    CHECK(decode::node(7, Dict{{"pulse.corked", "false"}}).corked == false);
    CHECK(decode::node(7, Dict{{"pulse.corked", "perhaps"}}).corked == false);
    CHECK_FALSE(decode::node(7, Dict{{"node.name", "x"}}).corked);
}
