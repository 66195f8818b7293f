/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a run's configuration that is about the Schema Registry.
 *
 *     schema_registry:
 *       url: https://registry-1:8081,https://registry-2:8081      # tried in turn
 *       basic_auth: {user: touchgate, password_file: secrets/registry}
 *       ca_file: ca.pem                 # whom to believe; the system's authorities if left out
 *       client_certificate: {file: touchgate.pem, key_file: touchgate.key}
 *       connect_timeout: 2s
 *       timeout: 10s                    # of one request
 *       start_wait_max: 1m              # at the start, for a registry that does not answer
 *       record_wait_max: 10s            # records wait so long for a schema that is not known yet
 *       auto_register: true             # outputs; false: somebody else registers their schemas
 *
 * Only `url` must be there. Filled once at start, then read by any thread. Files are opened by
 * whoever uses them, so that checking needs none of them.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"

enum { TG_REGISTRY_URLS_MAX = 16, TG_REGISTRY_URL_SIZE_MAX = 1024 };

struct tg_registry_settings {
        char *urls[TG_REGISTRY_URLS_MAX]; /* owned; without a slash at the end */
        unsigned url_count;               /* 0: there is no registry */
        char *user;                       /* owned, as all texts here; NULL: no basic auth */
        char *password_file;
        char *ca_file;          /* NULL: the system's */
        char *certificate_file; /* NULL: none is shown */
        char *key_file;
        int64_t connect_timeout_ms;
        int64_t timeout_ms;
        int64_t start_wait_ms;
        int64_t record_wait_ms;
        bool auto_register;
};

extern const struct tg_settings tg_registry_settings_keys;
extern const struct tg_settings tg_registry_settings_basic_keys;
extern const struct tg_settings tg_registry_settings_certificate_keys;

/* The defaults; there is no registry yet. */
void tg_registry_settings_init(struct tg_registry_settings *settings);
void tg_registry_settings_deinit(struct tg_registry_settings *settings);

/*
 * Reads `schema_registry` from ROOT, telling mistakes to its diagnostics. Paths are relative to
 * FOLDER. Returns the section's node, or NULL if there is none.
 */
const struct tg_node *tg_registry_settings_read(struct tg_registry_settings *settings,
                                                struct tg_reader *root, const char *folder);
