// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the daemon answers instead of doing it, told to whoever clicked. Its messages are for people already.
import Gio from 'gi://Gio';

import * as Main from 'resource:///org/gnome/shell/ui/main.js';

export function complain({_}, error) {
    if (error.matches?.(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED))
        return;
    Gio.DBusError.strip_remote_error(error);
    Main.notify(_('Microphone guard'), error.message);
}
