/*
 * Which optional libraries this build has: COVEY_WITH_ZLIB, _ZIP, _PNG, _JPEG, _JANSSON are 0 or 1.  The build system
 * sets them; without it, a header that can be included counts as a library that is there.
 */
#ifndef CVI_IO_OPTIONAL_H
#define CVI_IO_OPTIONAL_H

#ifndef COVEY_WITH_ZLIB
#define COVEY_WITH_ZLIB __has_include(<zlib.h>)
#endif
#ifndef COVEY_WITH_ZIP
#define COVEY_WITH_ZIP __has_include(<zip.h>)
#endif
#ifndef COVEY_WITH_PNG
#define COVEY_WITH_PNG __has_include(<png.h>)
#endif
#ifndef COVEY_WITH_JPEG
#define COVEY_WITH_JPEG __has_include(<jpeglib.h>)
#endif
#ifndef COVEY_WITH_JANSSON
#define COVEY_WITH_JANSSON __has_include(<jansson.h>)
#endif

#endif
