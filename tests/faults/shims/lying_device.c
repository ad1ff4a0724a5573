/* A PKCS#11 module that is another one (REAL_MODULE) with two faults. The file that
 * LYING_DEVICE names orders one; it goes when the order was carried out.
 *
 *   sign N      the Nth C_Sign from now returns a signature with one bit flipped
 *   destroy N   the Nth C_DestroyObject says CKR_OK and destroys nothing
 *
 * The function list is a version and then pointers in the order of PKCS#11 2.40.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DESTROY_OBJECT = 22, SIGN = 43, FUNCTIONS = 68, CKR_OK = 0 };
typedef unsigned long ulong;
struct list { unsigned char version[sizeof(void *)]; void *function[FUNCTIONS]; };

static struct list ours, *theirs;

static int told(const char *word) {
    static int seen;
    char said[16];
    int wanted, lie = 0;
    const char *name = getenv("LYING_DEVICE");
    FILE *file = name ? fopen(name, "r") : NULL;
    if (!file) return 0;
    if (fscanf(file, "%15s %d", said, &wanted) == 2 && !strcmp(said, word))
        lie = ++seen == wanted;
    fclose(file);
    if (lie) {
        unlink(name);
        seen = 0;
    }
    return lie;
}

static ulong destroy_object(ulong session, ulong object) {
    if (told("destroy")) return CKR_OK;
    return ((ulong(*)(ulong, ulong))theirs->function[DESTROY_OBJECT])(session, object);
}

static ulong sign(ulong session, unsigned char *data, ulong length,
                  unsigned char *signature, ulong *size) {
    ulong (*real)(ulong, unsigned char *, ulong, unsigned char *, ulong *) =
        theirs->function[SIGN];
    ulong result = real(session, data, length, signature, size);
    if (result == CKR_OK && signature && told("sign")) signature[*size - 1] ^= 1;
    return result;
}

ulong C_GetFunctionList(struct list **given) {
    void *module = dlopen(getenv("REAL_MODULE"), RTLD_NOW | RTLD_LOCAL);
    ulong (*get)(struct list **) = module ? dlsym(module, "C_GetFunctionList") : NULL;
    ulong result = get ? get(&theirs) : 5; /* CKR_GENERAL_ERROR */
    if (result != CKR_OK) return result;
    ours = *theirs;
    ours.function[DESTROY_OBJECT] = destroy_object;
    ours.function[SIGN] = sign;
    *given = &ours;
    return CKR_OK;
}
