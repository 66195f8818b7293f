/* SPDX-License-Identifier: Apache-2.0 */
#include "avro/schemas.h"

#include <stdio.h>
#include <stdlib.h>

#include "avro/support.h"

static const char *const click =
        "{'type':'record','name':'Click','namespace':'com.example','doc':'d','fields':["
        "{'name':'id','type':'string'},"
        "{'name':'kind','type':{'type':'enum','name':'Kind','symbols':['A','B'],'default':'A'}},"
        "{'name':'again','type':['null','Kind'],'default':null},"
        "{'name':'time','type':{'type':'long','logicalType':'timestamp-millis'}},"
        "{'name':'tags','type':{'type':'map','values':{'type':'array','items':'string'}},"
        "'aliases':['labels'],'default':{}}]}";

static void expect_fingerprint(const char *json, uint64_t fingerprint)
{
        struct tg_schema *schema = schema_of(json);

        cr_expect_eq(tg_schema_fingerprint(schema), fingerprint, "%s", json);
        tg_schema_free(schema);
}

/* The first five are published with Avro; all were computed apart from this code, table-driven. */
Test(schemas, fingerprints_are_those_of_the_specification)
{
        expect_fingerprint("'null'", UINT64_C(0x63dd24e7cc258f8a));
        expect_fingerprint("'boolean'", UINT64_C(0x9f42fc78a4d4f764));
        expect_fingerprint("'int'", UINT64_C(0x7275d51a3f395c8f));
        expect_fingerprint("{'type':'long'}", UINT64_C(0xd054e14493f41db7));
        expect_fingerprint("'string'", UINT64_C(0x8f014872634503c7));
        expect_fingerprint("['null','long']", UINT64_C(0x98ca1358ed40804a));
        expect_fingerprint("{'type':'fixed','name':'F','namespace':'a.b','size':16}",
                           UINT64_C(0x1a642d4806ad71d1));
        expect_fingerprint(click, UINT64_C(0x82c2229991abe1d7));
}

Test(schemas, the_canonical_form_keeps_names_and_types_only)
{
        static const char canonical[] =
                "{\"name\":\"com.example.Click\",\"type\":\"record\",\"fields\":["
                "{\"name\":\"id\",\"type\":\"string\"},"
                "{\"name\":\"kind\",\"type\":{\"name\":\"com.example.Kind\",\"type\":\"enum\","
                "\"symbols\":[\"A\",\"B\"]}},"
                "{\"name\":\"again\",\"type\":[\"null\",\"com.example.Kind\"]},"
                "{\"name\":\"time\",\"type\":\"long\"},"
                "{\"name\":\"tags\",\"type\":{\"type\":\"map\",\"values\":"
                "{\"type\":\"array\",\"items\":\"string\"}}}]}";
        struct tg_schema *schema = schema_of(click);

        expect_text(tg_schema_canonical(schema), canonical);
        cr_expect_str_eq(tg_schema_name(schema), "com.example.Click");
        tg_schema_free(schema);
}

Test(schemas, a_recursive_type_is_accepted)
{
        tg_schema_free(schema_of("{'type':'record','name':'List','fields':["
                                 "{'name':'next','type':['null','List']}]}"));
}

static void expect_refused(const char *json, const char *text)
{
        struct tg_error error = {0};
        struct tg_schema *schema = NULL;
        char *quoted = strdup(json);

        for (char *c = quoted; *c; c++)
                if (*c == '\'')
                        *c = '"';
        cr_expect_eq(tg_schema_parse(tg_span_text(quoted), &schema, &error), -1, "%s", json);
        cr_expect_null(schema);
        cr_expect(strstr(error.message, text), "\"%s\" doesn't say \"%s\"", error.message, text);
        tg_schema_free(schema);
        free(quoted);
}

Test(schemas, what_the_specification_forbids_is_refused_by_name)
{
        static const char *const cases[][2] = {
                {"{'type':'record'", "line 1 column"},
                {"{'type':'record','type':'enum'}", "no JSON"},
                {"7", "a type must be"},
                {"{}", "lacks \"type\""},
                {"[]", "no branches"},
                {"['null','null']", "\"null\" twice"},
                {"['null',['int']]", "may not hold a union"},
                {"'Click'", "\"Click\" is not defined"},
                {"{'type':'record','name':'R'}", "\"fields\""},
                {"{'type':'record','name':'7','fields':[]}", "no name of a type"},
                {"{'type':'record','name':'R','fields':[{'name':'a','type':'int'},"
                 "{'name':'a','type':'int'}]}",
                 "two fields \"a\""},
                {"{'type':'record','name':'R','fields':[{'name':'a'}]}", "\"a\" of record \"R\""},
                {"{'type':'record','name':'R','fields':[{'name':'a','type':'int',"
                 "'aliases':'b'}]}",
                 "must be a list"},
                {"{'type':'enum','name':'E','symbols':[]}", "1 to 255 symbols"},
                {"{'type':'enum','name':'E','symbols':['A','A']}", "\"A\" is no name, or there"},
                {"{'type':'enum','name':'E','symbols':['A'],'default':'B'}", "\"B\" is not among"},
                {"{'type':'fixed','name':'F','size':-1}", "size from 0"},
                {"{'type':'fixed','name':'F','size':99999999999}", "size from 0"},
                {"{'type':'array'}", "lacks \"items\""},
                {"{'type':'map'}", "lacks \"values\""},
                {"{'type':'record','name':'int','fields':[]}", "defined twice"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
                expect_refused(cases[i][0], cases[i][1]);
}

/* COUNT arrays around an int. */
static void nested(int count, char *json)
{
        for (int i = 0; i < count; i++)
                json += sprintf(json, "{'type':'array','items':");
        json += sprintf(json, "'int'");
        memset(json, '}', (size_t)count);
        json[count] = '\0';
}

Test(schemas, types_nested_beyond_the_limit_are_refused)
{
        char json[100000];

        nested(TG_SCHEMA_DEPTH_MAX - 1, json);
        tg_schema_free(schema_of(json));
        nested(TG_SCHEMA_DEPTH_MAX, json);
        expect_refused(json, "32 types inside one another");
        nested(3000, json);
        expect_refused(json, "no JSON");
}
