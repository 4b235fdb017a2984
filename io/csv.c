#include "columns.h"
#include "csv.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Bytes per block: large enough that handing it over costs nothing, small enough that text and numbers of a worker stay
 * in its level-2 cache.
 */
#define BLOCK_BYTES ((size_t)512 * 1024)
enum { MAX_WORKERS = 8 };

typedef struct csv_reader {
    cvi_io_source *source;
    const covey_read_options *options;
    covey_table *table;
    const char *name;

    csv_rules rules;
    csv_head head;
    char **names; /* [rules.n_columns] or NULL */
    int32_t *target;
    int64_t *selected; /* [d] */
    int64_t d;
    int64_t weight; /* column, or -1 */

    char *carry; /* the unfinished line behind the last block */
    size_t carry_length, carry_room;
    int64_t offset; /* bytes taken from the source */
    bool ended;

    int64_t lines, rows; /* of the file, before the block being taken */
    int64_t n_blank;
    size_t room; /* rows that values and weights have room for */
    int64_t n;
    int64_t n_missing, n_infinite;
    csv_place missing, infinite;
    covey_sink *quarantine;
} csv_reader;

/* ---- blocks of whole lines ---- */

static bool block_room(csv_block *block, size_t room)
{
    if (room <= block->room)
        return true;
    char *text = realloc(block->text, room + 1 + CSV_PAD); /* 1: the line end that a last line may lack */
    if (!text)
        return false;
    block->text = text;
    block->room = room;
    return true;
}

/* A line that fills the block and goes on: is one of its fields, their number or the line beyond its cap? */
static csv_place check_open_line(const csv_reader *reader, const csv_block *block)
{
    const csv_rules *rules = &reader->rules;
    csv_place place = {.fault = CSV_FINE, .column = -1};
    bool quoted = false;
    size_t start = 0;
    int64_t fields = 1, lines = 0, start_line = 0;
    for (size_t i = 0; i < block->length; i++) {
        char c = block->text[i];
        lines += c == '\n';
        quoted ^= c == '"';
        bool ends = !quoted && (rules->delimiter ? c == rules->delimiter : c && strchr(",\t;|", c) != NULL);
        if (!ends)
            continue;
        if (i - start > rules->max_field_bytes)
            break;
        fields++;
        start = i + 1;
        start_line = lines;
    }
    if (block->length - start > rules->max_field_bytes)
        place.fault = quoted ? CSV_OPEN_QUOTE : CSV_LONG_FIELD;
    else if (fields > rules->max_columns)
        place.fault = CSV_MANY_FIELDS;
    else if (block->length >= CSV_LONGEST_LINE)
        place.fault = CSV_LONG_LINE;
    place.line = start_line;
    place.byte = block->offset + (int64_t)start;
    return place;
}

static covey_status keep_carry(csv_reader *reader, const char *text, size_t length, covey_error *err)
{
    if (length > reader->carry_room) {
        char *carry = realloc(reader->carry, length);
        if (!carry)
            return cvi_io_fail_memory(err, reader->name, length);
        reader->carry = carry;
        reader->carry_room = length;
    }
    if (length > 0)
        memcpy(reader->carry, text, length);
    reader->carry_length = length;
    return COVEY_OK;
}

/* Fill a block with whole lines; an empty block is the end. */
static covey_status fill_block(csv_reader *reader, csv_block *block, covey_error *err)
{
    size_t room = reader->carry_length + BLOCK_BYTES / 2;
    if (!block_room(block, room > BLOCK_BYTES ? room : BLOCK_BYTES))
        return cvi_io_fail_memory(err, reader->name, room);
    block->offset = reader->offset - (int64_t)reader->carry_length;
    block->trouble.fault = CSV_FINE;
    block->length = reader->carry_length;
    if (block->length > 0)
        memcpy(block->text, reader->carry, block->length);
    for (;;) {
        size_t wanted = block->room - block->length, got;
        covey_status status = cvi_io_source_read(reader->source, block->text + block->length, wanted, &got, err);
        if (status != COVEY_OK)
            return status;
        block->length += got;
        reader->offset += (int64_t)got;
        if (got < wanted) {
            reader->ended = true;
            reader->carry_length = 0;
            if (block->length > 0 && block->text[block->length - 1] != '\n')
                block->text[block->length++] = '\n';
            return COVEY_OK;
        }
        size_t whole = cvi_io_csv_whole_lines(block->text, block->length);
        if (whole > 0) {
            size_t rest = block->length - whole;
            block->length = whole;
            return keep_carry(reader, block->text + whole, rest, err);
        }
        block->trouble = check_open_line(reader, block);
        if (block->trouble.fault != CSV_FINE) {
            block->length = 0;
            reader->ended = true;
            return COVEY_OK;
        }
        if (!block_room(block, 2 * block->room))
            return cvi_io_fail_memory(err, reader->name, 2 * block->room);
    }
}

static void drop_front(csv_block *block, size_t n_bytes)
{
    block->length -= n_bytes;
    block->offset += (int64_t)n_bytes;
    memmove(block->text, block->text + n_bytes, block->length);
}

/* ---- messages ---- */

static cvi_io_columns columns_of(const csv_reader *reader)
{
    return (cvi_io_columns){reader->name, (const char *const *)reader->names, reader->rules.n_columns};
}

static const char *cell_advice(const csv_place *place)
{
    switch (place->kind) {
    case CVI_IO_HUGE:
        return "is beyond the largest float64, about 1.8e308";
    case CVI_IO_LONG:
        return "is a number of more than 400 characters";
    case CVI_IO_COMMA:
        return "has a comma; numbers need a decimal point";
    case CVI_IO_HEX:
        return "is hexadecimal; write it as a decimal number";
    default:
        return "is not a number; a missing value is an empty cell, NA, NaN, null, none or ?";
    }
}

static covey_status fail_cell(const csv_reader *reader, const csv_place *place, covey_error *err)
{
    char label[128], advice[192] = "";
    cvi_io_columns columns = columns_of(reader);
    cvi_io_columns_label(&columns, place->column, label, sizeof label);
    bool whole_column = place->kind == CVI_IO_TEXT && place->row == 0;
    if (!whole_column)
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: line %lld, byte %lld: '%s' in %s %s", reader->name,
                           (long long)place->line + 1, (long long)place->byte, place->snippet, label, cell_advice(place));
    if (reader->head.numeric[0])
        snprintf(advice, sizeof advice, "; choose columns of numbers: --columns %s", reader->head.numeric);
    if (place->line == 0 && reader->options->header == COVEY_HEADER_AUTO)
        snprintf(advice + strlen(advice), sizeof advice - strlen(advice),
                 " (line 1 was taken as data; --header yes makes it names)");
    return cvi_io_fail(err, COVEY_ERR_DTYPE, "%s: %s holds text: '%s' in row %lld (line %lld, byte %lld)%s", reader->name,
                       label, place->snippet, (long long)place->row, (long long)place->line + 1, (long long)place->byte,
                       advice);
}

static covey_status fail_place(const csv_reader *reader, const csv_place *place, covey_error *err)
{
    static const char *const words[] = {
        [CSV_OPEN_QUOTE] = "a quote is opened and never closed; to write a quote inside a field, quote the field and double it",
        [CSV_STRAY_QUOTE] = "a quote inside an unquoted field; quote the whole field and double the quotes in it",
        [CSV_AFTER_QUOTE] = "text behind a closing quote; a quote inside a field is written twice",
        [CSV_LONE_CR] = "a carriage return without a line feed (old Macintosh line ends?); convert with: tr '\\r' '\\n'",
        [CSV_NUL] = "a NUL byte: binary data, or UTF-16; convert with: iconv -f UTF-16 -t UTF-8",
        [CSV_LONG_FIELD] = "a field longer than the cap on field size",
        [CSV_MANY_FIELDS] = "more columns than the cap on columns",
        [CSV_LONG_LINE] = "a line longer than 256 MiB",
    };
    covey_status status;
    if (place->fault == CSV_NO_MEMORY)
        status = cvi_io_fail_memory(err, reader->name, BLOCK_BYTES);
    else if (place->fault == CSV_BAD_CELL)
        status = fail_cell(reader, place, err);
    else if (place->fault == CSV_RAGGED)
        status = cvi_io_fail(err, COVEY_ERR_FORMAT,
                             "%s: line %lld, byte %lld: %lld fields, expected %lld; --ragged skip, fill or a file for such lines goes on",
                             reader->name, (long long)place->line + 1, (long long)place->byte, (long long)place->fields,
                             (long long)reader->rules.n_columns);
    else if (place->fault == CSV_LONG_FIELD)
        status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: line %lld, byte %lld: a field of more than %zu bytes", reader->name,
                             (long long)place->line + 1, (long long)place->byte, reader->rules.max_field_bytes);
    else if (place->fault == CSV_MANY_FIELDS)
        status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: line %lld, byte %lld: more than %lld columns", reader->name,
                             (long long)place->line + 1, (long long)place->byte, (long long)reader->rules.max_columns);
    else
        status = cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: line %lld, byte %lld: %s", reader->name, (long long)place->line + 1,
                             (long long)place->byte, words[place->fault]);
    if (err) {
        err->row = place->row;
        err->column = place->column;
    }
    return status;
}

/* ---- the first lines ---- */

/* A field as a name: doubled quotes undone, blanks around it dropped unless it was quoted. */
static char *make_name(const csv_field *field)
{
    char *name = malloc(field->length + 1);
    if (!name)
        return NULL;
    size_t used = 0;
    for (size_t i = 0; i < field->length; i++) {
        name[used++] = field->text[i];
        i += field->quoted && field->text[i] == '"';
    }
    while (!field->quoted && used > 0 && (name[used - 1] == ' ' || name[used - 1] == '\t'))
        used--;
    name[used] = 0;
    size_t blanks = field->quoted ? 0 : strspn(name, " \t");
    memmove(name, name + blanks, used - blanks + 1);
    return name;
}

static covey_status take_names(csv_reader *reader, const csv_fields *fields, covey_error *err)
{
    reader->names = calloc(fields->count, sizeof *reader->names);
    if (!reader->names)
        return cvi_io_fail_memory(err, reader->name, fields->count * sizeof *reader->names);
    for (size_t c = 0; c < fields->count; c++) {
        reader->names[c] = make_name(&fields->items[c]);
        if (!reader->names[c])
            return cvi_io_fail_memory(err, reader->name, fields->items[c].length);
        if (!cvi_io_is_utf8(reader->names[c]))
            return cvi_io_fail(err, COVEY_ERR_FORMAT,
                               "%s: line %lld: the name of column %zu is not UTF-8; convert with: iconv -f LATIN1 -t UTF-8",
                               reader->name, (long long)reader->lines + 1, c + 1);
    }
    return COVEY_OK;
}

static covey_status check_encoding(csv_reader *reader, csv_block *block, covey_error *err)
{
    const unsigned char *p = (const unsigned char *)block->text;
    size_t n = block->length;
    bool marked = n >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) || (p[0] == 0xFE && p[1] == 0xFF));
    if (marked || (n >= 4 && ((!p[0] && p[1] && !p[2] && p[3]) || (p[0] && !p[1] && p[2] && !p[3]))))
        return cvi_io_fail(err, COVEY_ERR_FORMAT, "%s: line 1, byte 0: UTF-16 text; convert with: iconv -f UTF-16 -t UTF-8",
                           reader->name);
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        drop_front(block, 3);
    return COVEY_OK;
}

/* Drop blank lines at the top, sniff, take the header, and fix n_columns. The block then starts with data. */
static covey_status read_head(csv_reader *reader, csv_block *block, covey_error *err)
{
    const covey_read_options *options = reader->options;
    covey_status status = check_encoding(reader, block, err);
    if (status != COVEY_OK)
        return status;
    size_t blank = 0;
    for (size_t i = 0; i < block->length && strchr(" \t\r\n", block->text[i]) && block->text[i]; i++)
        if (block->text[i] == '\n') {
            blank = i + 1;
            reader->lines++;
            reader->n_blank++;
        }
    drop_front(block, blank);
    if (block->length == 0)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: is empty: 0 rows, 0 columns", reader->name);
    size_t sample = block->length < 65536 ? block->length : cvi_io_csv_whole_lines(block->text, 65536);
    status = cvi_io_csv_sniff(block->text, sample ? sample : block->length, options->delimiter, options->header,
                              &reader->rules, &reader->head, reader->name, err);
    if (status != COVEY_OK)
        return status;
    csv_fields fields = {0};
    csv_fault fault = CSV_FINE;
    const char *at;
    const char *next = cvi_io_csv_split(&reader->rules, block->text, block->text + block->length, &fields, &fault, &at);
    if (!next) {
        csv_place place = {.fault = fault, .line = reader->lines, .byte = block->offset + (at - block->text), .column = -1};
        status = fail_place(reader, &place, err);
    } else {
        reader->rules.n_columns = (int64_t)fields.count;
        if (reader->head.has_header)
            status = take_names(reader, &fields, err);
    }
    if (next && reader->head.has_header && status == COVEY_OK) {
        for (const char *p = block->text; p < next; p++)
            reader->lines += *p == '\n';
        drop_front(block, (size_t)(next - block->text));
    }
    free(fields.items);
    return status;
}

/* Which columns go where. */
static covey_status choose_columns(csv_reader *reader, covey_error *err)
{
    const covey_read_options *options = reader->options;
    cvi_io_columns columns = columns_of(reader);
    covey_status status = COVEY_OK;
    reader->weight = -1;
    if (options->weights)
        status = cvi_io_columns_find(&columns, options->weights, "weights column", &reader->weight, err);
    if (status == COVEY_OK)
        status = cvi_io_columns_select(&columns, options->columns, reader->weight, &reader->selected, &reader->d, err);
    if (status != COVEY_OK)
        return status;
    if (reader->d == 0)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: no column is left as a feature", reader->name);
    reader->target = malloc((size_t)columns.n * sizeof *reader->target);
    if (!reader->target)
        return cvi_io_fail_memory(err, reader->name, (size_t)columns.n * sizeof *reader->target);
    for (int64_t c = 0; c < columns.n; c++)
        reader->target[c] = -1;
    for (int64_t f = 0; f < reader->d; f++)
        reader->target[reader->selected[f]] = (int32_t)f;
    if (reader->weight >= 0)
        reader->target[reader->weight] = (int32_t)reader->d;
    reader->rules.target = reader->target;
    reader->rules.width = reader->d + (reader->weight >= 0);
    return COVEY_OK;
}

/* ---- taking the results, in order ---- */

static size_t value_bytes(const csv_reader *reader)
{
    return reader->options->as_float32 ? sizeof(float) : sizeof(double);
}

static covey_status table_room(csv_reader *reader, size_t rows, covey_error *err)
{
    covey_table *table = reader->table;
    if (rows <= reader->room)
        return COVEY_OK;
    size_t room = reader->room + reader->room / 2, row = (size_t)reader->d * value_bytes(reader), bytes;
    room = room < rows ? rows : room;
    size_t cap = reader->options->max_bytes;
    if (cap > 0 && room > cap / row) /* the growth may not break a cap that the rows keep */
        room = rows;
    if (!cvi_io_mul(room, row, &bytes))
        return cvi_io_fail_memory(err, reader->name, SIZE_MAX);
    if (cap > 0 && bytes > cap)
        return cvi_io_fail(err, COVEY_ERR_LIMIT, "%s: the table takes more than the memory limit of %zu bytes (%lld rows of %lld columns so far)",
                           reader->name, cap, (long long)reader->n, (long long)reader->d);
    void *values = realloc(table->values, bytes);
    if (!values)
        return cvi_io_fail_memory(err, reader->name, bytes);
    table->values = values;
    if (reader->weight >= 0) {
        double *weights = realloc(table->weights, room * sizeof *weights);
        if (!weights)
            return cvi_io_fail_memory(err, reader->name, room * sizeof *weights);
        table->weights = weights;
    }
    if (table->file_rows) {
        int64_t *file_rows = realloc(table->file_rows, room * sizeof *file_rows);
        if (!file_rows)
            return cvi_io_fail_memory(err, reader->name, room * sizeof *file_rows);
        table->file_rows = file_rows;
    }
    reader->room = room;
    return COVEY_OK;
}

static covey_status take_values(csv_reader *reader, const csv_block *block, covey_error *err)
{
    const size_t d = (size_t)reader->d, width = (size_t)reader->rules.width, n = (size_t)reader->n;
    covey_table *table = reader->table;
    covey_status status = table_room(reader, n + (size_t)block->n_rows, err);
    if (status != COVEY_OK)
        return status;
    if (width == d && !reader->options->as_float32) {
        if (block->n_rows > 0)
            memcpy((double *)table->values + n * d, block->values, (size_t)block->n_rows * d * sizeof(double));
        return COVEY_OK;
    }
    for (size_t i = 0; i < (size_t)block->n_rows; i++) {
        const double *row = block->values + i * width;
        if (width > d)
            table->weights[n + i] = row[d];
        if (!reader->options->as_float32)
            memcpy((double *)table->values + (n + i) * d, row, d * sizeof(double));
        else
            for (size_t f = 0; f < d; f++)
                ((float *)table->values)[(n + i) * d + f] = (float)row[f];
    }
    return COVEY_OK;
}

/* Which row of the file each row of the block was; started when the first one is left out. */
static covey_status take_file_rows(csv_reader *reader, const csv_block *block, covey_error *err)
{
    covey_table *table = reader->table;
    if (!table->file_rows) {
        if (block->n_gaps == 0)
            return COVEY_OK;
        size_t room = reader->room ? reader->room : 1;
        table->file_rows = malloc(room * sizeof *table->file_rows);
        if (!table->file_rows)
            return cvi_io_fail_memory(err, reader->name, room * sizeof *table->file_rows);
        for (int64_t i = 0; i < reader->n; i++)
            table->file_rows[i] = i;
    }
    size_t gap = 0;
    int64_t *out = table->file_rows + reader->n;
    for (int64_t seen = 0; seen < block->n_seen; seen++) {
        if (gap < block->n_gaps && block->gaps[gap] == seen) {
            gap++;
            continue;
        }
        *out++ = reader->rows + seen;
    }
    return COVEY_OK;
}

static covey_status take_spans(csv_reader *reader, const csv_block *block, covey_error *err)
{
    covey_status status = COVEY_OK;
    for (size_t s = 0; s < block->n_spans && status == COVEY_OK; s++)
        status = covey_sink_write(reader->quarantine, block->text + block->spans[2 * s], (size_t)block->spans[2 * s + 1], err);
    return status;
}

static csv_place shifted(const csv_reader *reader, csv_place place)
{
    place.line += reader->lines;
    place.row += reader->rows;
    return place;
}

static covey_status take_block(csv_reader *reader, const csv_block *block, covey_error *err)
{
    if (block->fault.fault != CSV_FINE) {
        csv_place place = shifted(reader, block->fault);
        return fail_place(reader, &place, err);
    }
    covey_status status = take_values(reader, block, err);
    if (status == COVEY_OK)
        status = take_file_rows(reader, block, err);
    if (status == COVEY_OK)
        status = take_spans(reader, block, err);
    if (block->n_missing > 0 && reader->n_missing == 0)
        reader->missing = shifted(reader, block->missing);
    if (block->n_infinite > 0 && reader->n_infinite == 0)
        reader->infinite = shifted(reader, block->infinite);
    reader->n += block->n_rows;
    reader->rows += block->n_seen;
    reader->lines += block->n_lines;
    reader->n_blank += block->n_blank;
    reader->n_missing += block->n_missing;
    reader->n_infinite += block->n_infinite;
    reader->table->n_dropped += block->n_dropped;
    reader->table->n_skipped += block->n_skipped;
    return status;
}

static covey_status tell_progress(const csv_reader *reader, covey_error *err)
{
    const covey_read_options *options = reader->options;
    int64_t done, total;
    if (!options->progress)
        return COVEY_OK;
    cvi_io_source_progress(reader->source, &done, &total);
    if (options->progress(options->user, done, total) == 0)
        return COVEY_OK;
    return cvi_io_fail(err, COVEY_ERR_CANCELLED, "%s: reading was stopped at byte %lld", reader->name, (long long)done);
}

/* ---- one thread, or several ---- */

/* A ring of blocks: filled and taken by the caller in order, parsed by workers in any order. */
typedef struct csv_ring {
    const csv_rules *rules;
    csv_block blocks[2 * MAX_WORKERS + 2];
    bool done[2 * MAX_WORKERS + 2];
    size_t size;
    size_t filled, started, taken; /* how many blocks so far */
    bool stop;
    pthread_mutex_t lock;
    pthread_cond_t work, result;
    pthread_t workers[MAX_WORKERS];
    int n_workers;
} csv_ring;

static void *work(void *argument)
{
    csv_ring *ring = argument;
    pthread_mutex_lock(&ring->lock);
    for (;;) {
        while (ring->started == ring->filled && !ring->stop)
            pthread_cond_wait(&ring->work, &ring->lock);
        if (ring->stop)
            break;
        size_t slot = ring->started++ % ring->size;
        pthread_mutex_unlock(&ring->lock);
        cvi_io_csv_parse(ring->rules, &ring->blocks[slot]);
        pthread_mutex_lock(&ring->lock);
        ring->done[slot] = true;
        pthread_cond_signal(&ring->result);
    }
    pthread_mutex_unlock(&ring->lock);
    return NULL;
}

static void ring_start(csv_ring *ring, int n_workers)
{
    n_workers = n_workers < MAX_WORKERS ? n_workers : MAX_WORKERS;
    while (ring->n_workers < n_workers &&
           pthread_create(&ring->workers[ring->n_workers], NULL, work, ring) == 0)
        ring->n_workers++;
    ring->size = ring->n_workers > 0 ? 2 * (size_t)ring->n_workers + 2 : 1;
}

static void ring_stop(csv_ring *ring)
{
    pthread_mutex_lock(&ring->lock);
    ring->stop = true;
    pthread_cond_broadcast(&ring->work);
    pthread_mutex_unlock(&ring->lock);
    for (int i = 0; i < ring->n_workers; i++)
        pthread_join(ring->workers[i], NULL);
    for (size_t i = 0; i < sizeof ring->blocks / sizeof *ring->blocks; i++)
        cvi_io_csv_block_free(&ring->blocks[i]);
    pthread_cond_destroy(&ring->work);
    pthread_cond_destroy(&ring->result);
    pthread_mutex_destroy(&ring->lock);
}

/* Hand block `filled` to the workers, or parse it here if there are none. */
static void ring_submit(csv_ring *ring)
{
    size_t slot = ring->filled % ring->size;
    if (ring->n_workers == 0)
        cvi_io_csv_parse(ring->rules, &ring->blocks[slot]);
    pthread_mutex_lock(&ring->lock);
    ring->done[slot] = ring->n_workers == 0;
    ring->filled++;
    pthread_cond_signal(&ring->work);
    pthread_mutex_unlock(&ring->lock);
}

static csv_block *ring_wait(csv_ring *ring)
{
    size_t slot = ring->taken % ring->size;
    pthread_mutex_lock(&ring->lock);
    while (!ring->done[slot])
        pthread_cond_wait(&ring->result, &ring->lock);
    pthread_mutex_unlock(&ring->lock);
    ring->taken++;
    return &ring->blocks[slot];
}

/*
 * The first block is filled on entry.  A failure to read is told only after the blocks before it have been taken, so
 * that the first trouble in the file is the one reported, whatever the workers did first.
 */
static covey_status run_ring(csv_reader *reader, csv_ring *ring, covey_error *err)
{
    covey_error read_error;
    covey_status read_status = COVEY_OK, status = COVEY_OK;
    ring_submit(ring);
    while (status == COVEY_OK) {
        bool more = !reader->ended && read_status == COVEY_OK;
        if (more && ring->filled - ring->taken < ring->size) {
            read_status = fill_block(reader, &ring->blocks[ring->filled % ring->size], &read_error);
            if (read_status == COVEY_OK)
                ring_submit(ring);
            continue;
        }
        if (ring->taken == ring->filled)
            break;
        status = take_block(reader, ring_wait(ring), err);
        if (status == COVEY_OK)
            status = tell_progress(reader, err);
    }
    if (status == COVEY_OK && read_status != COVEY_OK) {
        if (err)
            *err = read_error;
        return read_status;
    }
    return status;
}

static covey_status read_blocks(csv_reader *reader, covey_error *err)
{
    csv_ring *ring = calloc(1, sizeof *ring);
    if (!ring)
        return cvi_io_fail_memory(err, reader->name, sizeof *ring);
    pthread_mutex_init(&ring->lock, NULL);
    pthread_cond_init(&ring->work, NULL);
    pthread_cond_init(&ring->result, NULL);
    ring->rules = &reader->rules;
    covey_status status = fill_block(reader, &ring->blocks[0], err);
    if (status == COVEY_OK && ring->blocks[0].trouble.fault != CSV_FINE)
        status = fail_place(reader, &ring->blocks[0].trouble, err);
    if (status == COVEY_OK)
        status = read_head(reader, &ring->blocks[0], err);
    if (status == COVEY_OK)
        status = choose_columns(reader, err);
    if (status == COVEY_OK) {
        int threads = reader->ended ? 1 : covey_threads_default();
        ring_start(ring, threads > 1 ? threads : 0);
        status = run_ring(reader, ring, err);
    }
    ring_stop(ring);
    free(ring);
    return status;
}

/* ---- the end ---- */

static covey_status fail_value(const csv_reader *reader, const csv_place *place, const char *what, int64_t count,
                               const char *advice, covey_error *err)
{
    char label[128];
    cvi_io_columns columns = columns_of(reader);
    cvi_io_columns_label(&columns, place->column, label, sizeof label);
    covey_status status =
        cvi_io_fail(err, COVEY_ERR_NONFINITE, "%s: %s in row %lld (line %lld, byte %lld), %s (%lld row%s affected); %s",
                    reader->name, what, (long long)place->row, (long long)place->line + 1, (long long)place->byte, label,
                    (long long)count, count == 1 ? "" : "s", advice);
    if (err) {
        err->row = place->row;
        err->column = place->column;
        err->count = count;
    }
    return status;
}

static covey_status check_values(csv_reader *reader, covey_error *err)
{
    covey_missing rule = reader->options->missing;
    if (reader->n == 0)
        return cvi_io_fail(err, COVEY_ERR_SHAPE, "%s: 0 rows, %lld columns: there is nothing to cluster%s", reader->name,
                           (long long)reader->d,
                           reader->rows > 0           ? "; every row was left out"
                           : reader->head.has_header ? "; line 1 was taken as names"
                                                      : "");
    if (reader->n_infinite > 0)
        return fail_value(reader, &reader->infinite, "infinite value", reader->n_infinite, "--missing drop leaves it out", err);
    if (reader->n_missing > 0 && rule == COVEY_MISSING_ERROR)
        return fail_value(reader, &reader->missing, "NaN (missing value)", reader->n_missing, "--missing drop or mean", err);
    return COVEY_OK;
}

/* Put the mean of a feature's values, added in row order, where one is missing. */
static covey_status fill_means(const csv_reader *reader, covey_error *err)
{
    char label[128];
    cvi_io_columns columns = columns_of(reader);
    for (int64_t f = 0; f < reader->d; f++) {
        double sum = 0;
        int64_t count = 0;
        for (int64_t i = 0; i < reader->n; i++) {
            int64_t at = i * reader->d + f;
            double value = reader->options->as_float32 ? ((float *)reader->table->values)[at]
                                                       : ((double *)reader->table->values)[at];
            if (isnan(value))
                continue;
            sum += value;
            count++;
        }
        if (count == reader->n)
            continue;
        if (count == 0 || !isfinite(sum))
            return cvi_io_fail(err, COVEY_ERR_NONFINITE, "%s: %s has no mean to put for its missing values", reader->name,
                               cvi_io_columns_label(&columns, reader->selected[f], label, sizeof label));
        for (int64_t i = 0; i < reader->n; i++) {
            int64_t at = i * reader->d + f;
            if (reader->options->as_float32 && isnan(((float *)reader->table->values)[at]))
                ((float *)reader->table->values)[at] = (float)(sum / (double)count);
            if (!reader->options->as_float32 && isnan(((double *)reader->table->values)[at]))
                ((double *)reader->table->values)[at] = sum / (double)count;
        }
    }
    for (int64_t i = 0; reader->table->weights && i < reader->n; i++)
        if (isnan(reader->table->weights[i]))
            return cvi_io_fail(err, COVEY_ERR_NONFINITE, "%s: the weight of row %lld is missing; --missing drop leaves it out",
                               reader->name, (long long)i);
    return COVEY_OK;
}

/* float32 has a smaller range than what was read. */
static covey_status check_float32(const csv_reader *reader, covey_error *err)
{
    if (!reader->options->as_float32)
        return COVEY_OK;
    const float *values = reader->table->values;
    for (int64_t at = 0; at < reader->n * reader->d; at++)
        if (isinf(values[at]))
            return cvi_io_fail(err, COVEY_ERR_NONFINITE, "%s: row %lld, feature %lld is beyond the largest float32",
                               reader->name, (long long)(at / reader->d), (long long)(at % reader->d));
    return COVEY_OK;
}

static bool write_notes(csv_reader *reader)
{
    covey_table *table = reader->table;
    char shown[16] = {reader->head.delimiter, 0};
    const char *delimiter = shown[0] == '\t' ? "tab" : shown[0] == ' ' ? "blanks" : shown;
    bool ok = true;
    if (reader->rules.n_columns > 1)
        ok = cvi_io_note(table, "delimiter: %s%s", delimiter,
                         reader->options->delimiter         ? " (as asked)"
                         : reader->head.delimiter_guessed ? " (a guess: another one is possible; --delimiter settles it)"
                                                          : "");
    ok = ok && cvi_io_note(table, "header: %s (%s)", reader->head.has_header ? "yes" : "no", reader->head.header_why);
    ok = ok && cvi_io_note(table, "columns: %lld of %lld", (long long)reader->d, (long long)reader->rules.n_columns);
    if (reader->n_missing > 0)
        ok = ok && cvi_io_note(table, "missing values: %lld rows filled with column means", (long long)reader->n_missing);
    if (table->n_dropped > 0)
        ok = ok && cvi_io_note(table, "dropped: %lld rows with missing or infinite values", (long long)table->n_dropped);
    if (table->n_skipped > 0)
        ok = ok && cvi_io_note(table, "skipped: %lld rows with another number of fields", (long long)table->n_skipped);
    if (reader->n_blank > 0)
        ok = ok && cvi_io_note(table, "blank lines: %lld", (long long)reader->n_blank);
    return ok;
}

static covey_status finish(csv_reader *reader, covey_error *err)
{
    covey_table *table = reader->table;
    covey_status status = check_values(reader, err);
    if (status == COVEY_OK)
        status = check_float32(reader, err);
    if (status == COVEY_OK && reader->n_missing > 0)
        status = fill_means(reader, err);
    if (status != COVEY_OK)
        return status;
    if (reader->names) {
        table->names = calloc((size_t)reader->d, sizeof *table->names);
        if (!table->names)
            return cvi_io_fail_memory(err, reader->name, (size_t)reader->d * sizeof *table->names);
        table->n_names = reader->d;
        for (int64_t f = 0; f < reader->d; f++) {
            table->names[f] = reader->names[reader->selected[f]];
            reader->names[reader->selected[f]] = NULL;
        }
    }
    table->delimiter = reader->head.delimiter;
    table->has_header = reader->head.has_header;
    table->matrix = covey_matrix_dense(table->values, reader->options->as_float32 ? COVEY_DTYPE_FLOAT32 : COVEY_DTYPE_FLOAT64,
                                       reader->n, reader->d);
    return write_notes(reader) ? COVEY_OK : cvi_io_fail_memory(err, reader->name, table->notes.length);
}

static covey_status open_quarantine(csv_reader *reader, covey_error *err)
{
    if (reader->options->ragged != COVEY_RAGGED_QUARANTINE)
        return COVEY_OK;
    if (!reader->options->quarantine_path)
        return cvi_io_fail(err, COVEY_ERR_ARGUMENT, "ragged is quarantine, but quarantine_path is NULL");
    return covey_sink_open(reader->options->quarantine_path, reader->options->quarantine_force, &reader->quarantine, err);
}

static void release(csv_reader *reader)
{
    for (int64_t c = 0; reader->names && c < reader->rules.n_columns; c++)
        free(reader->names[c]);
    free(reader->names);
    free(reader->target);
    free(reader->selected);
    free(reader->carry);
    covey_sink_abandon(reader->quarantine);
}

covey_status cvi_io_read_csv(cvi_io_source *source, const covey_read_options *options, covey_table *table, covey_error *err)
{
    csv_reader reader = {.source = source, .options = options, .table = table, .name = table->name};
    reader.rules = (csv_rules){.delimiter = options->delimiter,
                               .skipping = options->ragged == COVEY_RAGGED_SKIP || options->ragged == COVEY_RAGGED_QUARANTINE,
                               .filling = options->ragged == COVEY_RAGGED_FILL,
                               .collecting = options->ragged == COVEY_RAGGED_QUARANTINE,
                               .dropping = options->missing == COVEY_MISSING_DROP,
                               .max_field_bytes = options->max_field_bytes,
                               .max_columns = options->max_columns};
    covey_status status = open_quarantine(&reader, err);
    if (status == COVEY_OK)
        status = read_blocks(&reader, err);
    if (status == COVEY_OK)
        status = finish(&reader, err);
    if (status == COVEY_OK && reader.quarantine) {
        status = covey_sink_close(reader.quarantine, err);
        reader.quarantine = NULL;
    }
    release(&reader);
    return status;
}
