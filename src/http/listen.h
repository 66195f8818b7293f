/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket that a server listens on.
 */
#pragma once

#include "base/error.h"
#include "http/settings.h"

enum { TG_HTTP_ADDRESS_SIZE = TG_HTTP_HOST_SIZE + 40 };

/*
 * Listens where SETTINGS, which are not off, say. RET_ADDRESS: "127.0.0.1:8787", the port that was
 * given included. Returns 0, or -1 (EX_UNAVAILABLE: the port is taken).
 */
int tg_http_listen(const struct tg_http_settings *settings, int *ret_socket,
                   char ret_address[static TG_HTTP_ADDRESS_SIZE], struct tg_error *error);
