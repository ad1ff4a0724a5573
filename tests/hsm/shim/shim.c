/* A PKCS#11 module that forwards to another and, when told to, goes wrong.
 *
 * SHIM_FORWARDS_TO names the other module. The tests arm it through shim_arm; calls are
 * counted over all functions, C_Initialize included, from 1.
 *
 * Written without any PKCS#11 header. Every parameter is passed on as one machine word:
 * all of them are pointers, CK_ULONGs or a CK_BBOOL, on ABIs that pass those in words. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef unsigned long word;

/* The functions of CK_FUNCTION_LIST in PKCS#11 v2.40, in its order, with how many
 * parameters each has. C_GetFunctionList is the fourth, and ours. */
#define BEFORE_LIST(X) X(C_Initialize, 1) X(C_Finalize, 1) X(C_GetInfo, 1)
#define AFTER_LIST(X)                                                                  \
  X(C_GetSlotList, 3) X(C_GetSlotInfo, 2) X(C_GetTokenInfo, 2)                         \
  X(C_GetMechanismList, 3) X(C_GetMechanismInfo, 3) X(C_InitToken, 4)                  \
  X(C_InitPIN, 3) X(C_SetPIN, 5) X(C_OpenSession, 5) X(C_CloseSession, 1)              \
  X(C_CloseAllSessions, 1) X(C_GetSessionInfo, 2) X(C_GetOperationState, 3)            \
  X(C_SetOperationState, 5) X(C_Login, 4) X(C_Logout, 1) X(C_CreateObject, 4)          \
  X(C_CopyObject, 5) X(C_DestroyObject, 2) X(C_GetObjectSize, 3)                       \
  X(C_GetAttributeValue, 4) X(C_SetAttributeValue, 4) X(C_FindObjectsInit, 3)          \
  X(C_FindObjects, 4) X(C_FindObjectsFinal, 1) X(C_EncryptInit, 3) X(C_Encrypt, 5)     \
  X(C_EncryptUpdate, 5) X(C_EncryptFinal, 3) X(C_DecryptInit, 3) X(C_Decrypt, 5)       \
  X(C_DecryptUpdate, 5) X(C_DecryptFinal, 3) X(C_DigestInit, 2) X(C_Digest, 5)         \
  X(C_DigestUpdate, 3) X(C_DigestKey, 2) X(C_DigestFinal, 3) X(C_SignInit, 3)          \
  X(C_Sign, 5) X(C_SignUpdate, 3) X(C_SignFinal, 3) X(C_SignRecoverInit, 3)            \
  X(C_SignRecover, 5) X(C_VerifyInit, 3) X(C_Verify, 5) X(C_VerifyUpdate, 3)           \
  X(C_VerifyFinal, 3) X(C_VerifyRecoverInit, 3) X(C_VerifyRecover, 5)                  \
  X(C_DigestEncryptUpdate, 5) X(C_DecryptDigestUpdate, 5) X(C_SignEncryptUpdate, 5)    \
  X(C_DecryptVerifyUpdate, 5) X(C_GenerateKey, 5) X(C_GenerateKeyPair, 8)              \
  X(C_WrapKey, 6) X(C_UnwrapKey, 8) X(C_DeriveKey, 6) X(C_SeedRandom, 3)               \
  X(C_GenerateRandom, 3) X(C_GetFunctionStatus, 1) X(C_CancelFunction, 1)              \
  X(C_WaitForSlotEvent, 3)

#define X(name, count) AT_##name,
enum { BEFORE_LIST(X) AT_C_GetFunctionList, AFTER_LIST(X) FUNCTIONS };
#undef X

struct function_list {
  unsigned char version[2];
  word (*functions[FUNCTIONS])();
};

enum effect { INSTEAD = 0, AFTERWARDS = 1, FLIP = 2, SLEEP = 3 };

static struct function_list *real;
static struct function_list ours;
static unsigned long calls, armed_at, armed_until, signatures, logins;
static word armed_code;
static int armed_effect, hit;

/* From the nth call on, times calls go wrong by effect; nth 0 disarms. Counts anew. */
void shim_arm(unsigned long nth, unsigned long times, int effect, unsigned long code) {
  calls = 0;
  signatures = 0;
  logins = 0;
  hit = -1;
  armed_at = nth;
  armed_until = nth + times;
  armed_effect = effect;
  armed_code = code;
}
unsigned long shim_signatures(void) { return signatures; } /* C_Sign that gave bytes */
unsigned long shim_logins(void) { return logins; }         /* C_Login, right or wrong */
int shim_hit(void) { return hit; } /* which function went wrong first, or -1 */

static int goes_wrong(int function) {
  calls++;
  int wrong = armed_at != 0 && calls >= armed_at && calls < armed_until;
  if (wrong && hit < 0)
    hit = function;
  if (function == AT_C_Login)
    logins++;
  return wrong;
}

static word done(int function, int wrong, word code, word *argument) {
  if (function == AT_C_Sign && code == 0 && argument[3] != 0) {
    signatures++;
    if (wrong && armed_effect == FLIP)
      ((unsigned char *)argument[3])[0] ^= 1;
  }
  if (wrong && armed_effect == AFTERWARDS)
    return armed_code;
  return code;
}

#define P1 word a
#define P2 P1, word b
#define P3 P2, word c
#define P4 P3, word d
#define P5 P4, word e
#define P6 P5, word f
#define P7 P6, word g
#define P8 P7, word h
#define A1 a
#define A2 A1, b
#define A3 A2, c
#define A4 A3, d
#define A5 A4, e
#define A6 A5, f
#define A7 A6, g
#define A8 A7, h
#define X(name, count)                                                                 \
  word name(P##count) {                                                                \
    word arguments[] = {A##count};                                                     \
    int wrong = goes_wrong(AT_##name);                                                 \
    if (wrong && armed_effect == INSTEAD)                                              \
      return armed_code;                                                               \
    if (wrong && armed_effect == SLEEP)                                                \
      usleep((useconds_t)armed_code);                                                  \
    return done(AT_##name, wrong, real->functions[AT_##name](A##count), arguments);    \
  }
BEFORE_LIST(X)
AFTER_LIST(X)
#undef X

word C_GetFunctionList(struct function_list **list) {
  if (real == 0) {
    void *library = dlopen(getenv("SHIM_FORWARDS_TO"), RTLD_NOW | RTLD_LOCAL);
    if (library == 0)
      return 5; /* CKR_GENERAL_ERROR */
    word (*theirs)(struct function_list **) =
        (word(*)(struct function_list **))dlsym(library, "C_GetFunctionList");
    if (theirs(&real) != 0)
      return 5;
    ours.version[0] = real->version[0];
    ours.version[1] = real->version[1];
#define X(name, count) ours.functions[AT_##name] = (word(*)())name;
    BEFORE_LIST(X)
    AFTER_LIST(X)
#undef X
    ours.functions[AT_C_GetFunctionList] = (word(*)())C_GetFunctionList;
  }
  *list = &ours;
  return 0;
}
