/*
 * The CSV reader in three parts: csv_sniff.c looks at the first lines, csv_parse.c turns a block of whole lines into
 * numbers, csv.c reads the file block by block, hands the blocks to workers and puts the results together in order.
 *
 * Rules (RFC 4180, strictly): a quote opens a field only at its start; inside, two quotes stand for one and line ends
 * are text; behind the closing quote only a delimiter or a line end may follow.  Lines end in \n or \r\n.  A lone \r, a
 * NUL byte, and a quote inside an unquoted field are errors.  Because of that last rule the parity of the quotes alone
 * tells whether a line end is one, which is what makes cutting into blocks exact.
 */
#ifndef CVI_IO_CSV_H
#define CVI_IO_CSV_H

#include "number.h"
#include "table.h"

enum {
    CSV_PAD = 64,              /* readable bytes behind the text of a block: eight-byte loads run over its end */
    CSV_SNIPPET = 48,          /* bytes of a bad cell that a message shows */
    CSV_LONGEST_LINE = 1 << 28 /* bytes: a cap for lines of very many fields that are each within their own cap */
};

/* One field of a line. */
typedef struct csv_field {
    const char *text; /* without the quotes */
    size_t length;
    bool quoted;
} csv_field;

/* The fields of the line being read; grows. */
typedef struct csv_fields {
    csv_field *items;
    size_t count, room;
} csv_fields;

typedef enum csv_fault {
    CSV_FINE = 0,
    CSV_OPEN_QUOTE,
    CSV_STRAY_QUOTE,  /* inside an unquoted field */
    CSV_AFTER_QUOTE,  /* text between a closing quote and the delimiter */
    CSV_LONE_CR,
    CSV_NUL,
    CSV_LONG_FIELD,
    CSV_MANY_FIELDS,
    CSV_LONG_LINE,
    CSV_RAGGED,
    CSV_BAD_CELL,
    CSV_NO_MEMORY
} csv_fault;

/* Where a fault is; lines and rows count from the start of the block until the driver adds the blocks before. */
typedef struct csv_place {
    csv_fault fault;
    cvi_io_kind kind;   /* CSV_BAD_CELL: what the cell holds */
    int64_t line, row;  /* from 0 */
    int64_t byte;       /* in the file, from 0 */
    int64_t column;     /* from 0, or -1 */
    int64_t fields;     /* CSV_RAGGED: how many there are */
    char snippet[CSV_SNIPPET + 4];
} csv_place;

/* How the lines of this file are read: fixed once the first lines have been seen. */
typedef struct csv_rules {
    char delimiter;
    bool runs;             /* runs of blanks are one delimiter, blanks at the ends of a line are none */
    bool skipping;         /* ragged lines are left out */
    bool filling;          /* short lines get missing values, surplus fields are dropped */
    bool collecting;       /* keep where left-out lines lie, for the quarantine file */
    bool dropping;         /* rows with missing or infinite values are left out */
    int64_t n_columns;     /* fields a line should have */
    const int32_t *target; /* [n_columns] place in the row of output, or -1: not read */
    int64_t width;         /* numbers in a row of output */
    size_t max_field_bytes;
    int64_t max_columns;
    unsigned char special[256]; /* 1 for bytes that end the scan of an unquoted field */
} csv_rules;

/* A block of whole lines and what came out of it. */
typedef struct csv_block {
    char *text;
    size_t length, room; /* room does not count the CSV_PAD */
    int64_t offset;      /* of text[0] in the file */
    csv_place trouble;   /* found while the block was filled: it is then empty, and the last one */

    double *values; /* [n_rows, width] */
    size_t values_room;
    int64_t n_rows;  /* kept */
    int64_t n_seen;  /* rows of the file, left-out ones included */
    int64_t n_lines;
    int64_t n_blank;
    int64_t n_dropped, n_skipped;
    int64_t *gaps;   /* [n_gaps] the rows (of n_seen) that were left out, ascending */
    size_t n_gaps, gaps_room;
    int64_t *spans;  /* [2 n_spans] start and length in text of skipped lines */
    size_t n_spans, spans_room;
    int64_t n_missing; /* rows with a missing value, dropped ones not counted */
    csv_place missing; /* the first of them */
    int64_t n_infinite;
    csv_place infinite;
    csv_place fault; /* the first one; nothing behind it was read */
    csv_fields fields;
} csv_block;

void cvi_io_csv_rules_finish(csv_rules *rules);

/*
 * Split one line, whose first byte is at p. end: of the text, which ends in a line end unless a quote is open.
 * @return the first byte behind the line end, or NULL with *fault (place->byte relative to p's buffer is set by at)
 */
const char *cvi_io_csv_split(const csv_rules *rules, const char *p, const char *end, csv_fields *fields,
                             csv_fault *fault, const char **at);

/* Turn text into values. Faults go to block->fault. */
void cvi_io_csv_parse(const csv_rules *rules, csv_block *block);
void cvi_io_csv_block_free(csv_block *block);

/* What the first lines say. */
typedef struct csv_head {
    char delimiter;
    bool delimiter_guessed; /* more than one was possible */
    bool has_header;
    const char *header_why; /* in words */
    char numeric[128];      /* columns that hold numbers, as a selection: "1-4"; empty if none or too many */
    bool text_in_first_row; /* some column holds text in the first row of data */
} csv_head;

/* Look at whole lines. delimiter 0: to be found. rules->delimiter and runs are set. */
covey_status cvi_io_csv_sniff(const char *text, size_t length, char delimiter, covey_header header, csv_rules *rules,
                              csv_head *out, const char *name, covey_error *err);

/* Length of the leading part of text that ends in a line end outside quotes; 0 if there is none. */
size_t cvi_io_csv_whole_lines(const char *text, size_t length);

#endif
