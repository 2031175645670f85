/* No fault: an exporter that reads its batches, and lets them be. */
#include "plugin_words.h"

#include <patchbay/abi/exporter.h>

static patchbay_status export_spans(void* instance, patchbay_str spans_json) {
    if (spans_json.size < 2 || spans_json.data[0] != '[')
        return refuse(instance, PATCHBAY_E_BAD_REQUEST, "this is no array");
    return PATCHBAY_OK;
}

static const patchbay_exporter_1 exporter = {export_spans};

PLUGIN_OF(PATCHBAY_EXPORTER_1, &exporter, PATCHBAY_STREAM_1, PATCHBAY_STREAM_1);
