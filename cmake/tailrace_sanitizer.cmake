# Sanitizers hold for the whole build or not at all, dependencies built here included: a half-instrumented
# program reports races and overflows that do not exist.
if(TAILRACE_SANITIZER)
    add_compile_options(-fsanitize=${TAILRACE_SANITIZER} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${TAILRACE_SANITIZER})
endif()
