// SPDX-License-Identifier: GPL-3.0-or-later
#include "bench/scene.hpp"

namespace micguard::bench {

const std::vector<Scene>& allScenes() {
    static const std::vector<Scene> scenes = [] {
        std::vector<Scene> all;
        for (auto part : {plainScenes, chainScenes, changeScenes, hostileScenes})
            for (Scene& scene : part())
                all.push_back(std::move(scene));
        return all;
    }();
    return scenes;
}

} // namespace micguard::bench
