// SPDX-License-Identifier: GPL-3.0-or-later
// The entry point of libspa-micguard-test.so, the SPA plug-in of the tests.
#include "tests/support/plugin/factories.hpp"

#include <cerrno>

extern "C" __attribute__((visibility("default"))) int
spa_handle_factory_enum(const spa_handle_factory** factory, uint32_t* index) {
    using namespace micguard::test;
    const spa_handle_factory* const factories[] = {&sourceFactory, &cardFactory, &monitorFactory};
    if (factory == nullptr || index == nullptr)
        return -EINVAL;
    if (*index >= 3)
        return 0;
    *factory = factories[(*index)++];
    return 1;
}
