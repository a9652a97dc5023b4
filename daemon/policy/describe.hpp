// SPDX-License-Identifier: GPL-3.0-or-later
//
// From model and verdicts to what the bus shows. Keeps the numbers that object paths are made of and the
// times at which states began; decides nothing.
#pragma once

#include "daemon/model/view.hpp"
#include "daemon/policy/evaluate.hpp"
#include "daemon/policy/listening.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace micguard {

class Describer {
  public:
    // `now` in µs since the epoch.
    View describe(const Model& model, const Verdicts& verdicts, const Guarantee& guarantee,
                  std::uint64_t now);

    // The key of an application's view, which it keeps; 0: none with this identity was ever shown.
    std::uint64_t keyOf(const std::string& identity) const;
    // The identity of the application with this key; "" if there is none.
    std::string identityOf(std::uint64_t key) const;

  private:
    std::uint64_t applicationKey(const std::string& identity);
    // Since when `key` has been in `state`.
    std::uint64_t since(const std::string& key, const std::string& state, std::uint64_t now);

    std::map<std::string, std::uint64_t> applicationKeys_;
    std::map<std::string, std::pair<std::string, std::uint64_t>> since_;
    std::map<std::uint64_t, Listening> listening_; // by stream
    std::uint64_t nextApplication_ = 1;
};

} // namespace micguard
