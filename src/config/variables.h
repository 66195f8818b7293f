/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of the environment in the texts of a document, so that one file serves many places:
 *
 *     bootstrap.servers: ${BROKERS}
 *     group.id: gate-${REGION:-west}         # "west" if REGION is unset or empty
 *     sasl.password: a$${b}                  # the text a${b}
 *
 * Only values are looked at, not keys; what a variable holds is one text, whatever is in it, and is
 * not looked at again. In braces a value needs quotes: {port: "${PORT}"}. Messages name variables,
 * never what they hold.
 *
 * To check a file none has to be set: a value with a variable that has no default says nothing
 * then, and nothing is wrong with it.
 */
#pragma once

#include "config/document.h"

struct tg_variable {
        char *name;    /* owned */
        bool optional; /* each place that names it has a default */
};

/* Those that a document names, in its order, each once. Start from {0}. */
struct tg_variables {
        struct tg_variable *items; /* owned */
        size_t count;
};

/* The value of a variable, or NULL if it is unset; borrowed for the call. As getenv(). */
typedef char *tg_variable_lookup(const char *name);

/*
 * Puts the values that LOOKUP has into DOCUMENT, which nobody reads yet, and adds their names to
 * VARIABLES. One that is unset and has no default is told to DIAGNOSTICS. LOOKUP NULL: nothing is
 * looked up; defaults stand.
 */
void tg_variables_expand(struct tg_document *document, tg_variable_lookup *lookup,
                         struct tg_diagnostics *diagnostics, struct tg_variables *variables);

void tg_variables_deinit(struct tg_variables *variables);
