// SPDX-License-Identifier: GPL-3.0-or-later
//
// The panel's icon: there while a microphone is in use or muted. Who tries to listen while muted is counted beside it, so that the
// difference is not one of colour alone.
import Clutter from 'gi://Clutter';
import GObject from 'gi://GObject';
import St from 'gi://St';

import {SystemIndicator} from 'resource:///org/gnome/shell/ui/quickSettings.js';

const STYLES = ['micguard-live', 'micguard-muted', 'micguard-wanted', 'micguard-degraded'];

export const Indicator = GObject.registerClass(
class MicguardIndicator extends SystemIndicator {
    constructor() {
        super();
        this.name = 'micguard-indicator';
        this._icon = this._addIndicator();
        this._icon.visible = false;
        this._count = new St.Label({
            style_class: 'micguard-count', y_align: Clutter.ActorAlign.CENTER, y_expand: true, visible: false,
        });
        this.add_child(this._count);
    }

    show({visible, icon, style, count, name}) {
        this._icon.icon_name = icon;
        this._icon.accessible_name = name;
        this._count.text = count;
        this._count.visible = visible && count !== '';
        for (const known of STYLES) {
            if (known === style)
                this.add_style_class_name(known);
            else
                this.remove_style_class_name(known);
        }
        // The shell's own colour for "you are being listened to".
        if (style === 'micguard-live')
            this._icon.add_style_class_name('privacy-indicator');
        else
            this._icon.remove_style_class_name('privacy-indicator');
        this._icon.visible = visible;
    }
});
