/*
 * A CUDA driver without a GPU, for tests of what happens when a driver fails. It exports what ILGPU 1.5.3 and
 * kernels/Gpu/Ilgpu/CudaDriver.cs call. Device memory is the process's, kernels do nothing, everything is done at once.
 *
 * What fails is chosen by environment variables, all optional:
 *   FAKE_CUDA_GPUS=2         how many GPUs there are (1)
 *   FAKE_CUDA_ATTRIBUTE=1:13 of GPU 1, the device attribute 13 (a clock rate) cannot be read
 *   FAKE_CUDA_LAUNCH=5       the fifth launch, also one of a graph, ends in an illegal address, and after it every call
 *   FAKE_CUDA_ALLOCATE=5     the fifth allocation fails
 *   FAKE_CUDA_CAPTURE=1      a capture's end fails
 *   FAKE_CUDA_REPLAY=2       the second launch of a graph, and all after it, fail
 *   FAKE_CUDA_REPLAY=2:700   the second launch of a graph ends in error 700, and after it every call
 *   FAKE_CUDA_LOG=FILE       where calls about graphs are written down, a line each
 */
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum
{
    SUCCESS = 0,
    INVALID_VALUE = 1,
    OUT_OF_MEMORY = 2,
    INVALID_DEVICE = 101,
    NOT_FOUND = 500,
    ILLEGAL_ADDRESS = 700,
    CAPTURE_INVALIDATED = 901,
    UNKNOWN = 999,
};

typedef struct { int launches; } graph;

static const size_t total_memory = (size_t)1 << 33;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int failure; /* sticky: what every call gives once it is set */
static int launches, allocations, replays, contexts;
static graph *capture; /* what is being captured; null for nothing */

static int number(const char *name, int otherwise)
{
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

static void log_call(const char *call)
{
    const char *path = getenv("FAKE_CUDA_LOG");
    FILE *file = path ? fopen(path, "a") : NULL;
    if (!file)
        return;
    fprintf(file, "%s\n", call);
    fclose(file);
}

static int launch(int count)
{
    int broken = number("FAKE_CUDA_LAUNCH", 0);
    pthread_mutex_lock(&lock);
    launches += count;
    if (broken > 0 && launches >= broken)
        failure = ILLEGAL_ADDRESS;
    pthread_mutex_unlock(&lock);
    return failure;
}

/* Errors and devices. */

int cuInit(unsigned flags) { return SUCCESS; }

int cuDriverGetVersion(int *version)
{
    *version = 12040;
    return SUCCESS;
}

int cuGetErrorString(int error, const char **text)
{
    switch (error)
    {
    case INVALID_VALUE: *text = "invalid argument"; break;
    case OUT_OF_MEMORY: *text = "out of memory"; break;
    case INVALID_DEVICE: *text = "invalid device ordinal"; break;
    case NOT_FOUND: *text = "named symbol not found"; break;
    case ILLEGAL_ADDRESS: *text = "an illegal memory access was encountered"; break;
    case CAPTURE_INVALIDATED: *text = "operation failed due to a previous error during capture"; break;
    default: *text = "unknown error"; break;
    }

    return SUCCESS;
}

int cuDeviceGetCount(int *count)
{
    *count = number("FAKE_CUDA_GPUS", 1);
    return SUCCESS;
}

int cuDeviceGet(int *device, int ordinal)
{
    *device = ordinal;
    return ordinal >= 0 && ordinal < number("FAKE_CUDA_GPUS", 1) ? SUCCESS : INVALID_DEVICE;
}

int cuDeviceGetName(char *name, int length, int device)
{
    snprintf(name, (size_t)length, "Fake GPU %d", device);
    return SUCCESS;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device)
{
    *bytes = total_memory;
    return SUCCESS;
}

/* CUdevice_attribute of cuda.h; those of an H100 where they matter. */
int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    int bad_device, bad_attribute;
    const char *bad = getenv("FAKE_CUDA_ATTRIBUTE");
    if (bad && sscanf(bad, "%d:%d", &bad_device, &bad_attribute) == 2 && device == bad_device && attribute == bad_attribute)
        return INVALID_VALUE;
    switch (attribute)
    {
    case 1: case 2: case 3: *value = 1024; break; /* items of a group: all, x, y */
    case 4: *value = 64; break;
    case 5: *value = 0x7FFFFFFF; break; /* groups of a grid */
    case 6: case 7: *value = 65535; break;
    case 8: *value = 48 << 10; break; /* shared memory of a group */
    case 10: *value = 32; break; /* items of a warp */
    case 12: case 82: *value = 65536; break; /* registers */
    case 16: *value = 132; break; /* multiprocessors */
    case 39: *value = 2048; break; /* items of a multiprocessor */
    case 75: *value = 9; break; /* compute capability */
    case 76: *value = 0; break;
    case 81: *value = 228 << 10; break; /* shared memory of a multiprocessor */
    default: *value = 1; break;
    }

    return SUCCESS;
}

int cuDeviceCanAccessPeer(int *can, int device, int peer)
{
    *can = 0;
    return failure;
}

int cuDeviceGetP2PAttribute(int *value, int attribute, int from, int to)
{
    *value = 0;
    return failure;
}

/* Contexts. */

int cuCtxCreate_v2(void **context, int flags, int device)
{
    *context = (void *)(intptr_t)++contexts;
    return failure;
}

int cuCtxDestroy_v2(void *context) { return failure; }
int cuCtxSetCurrent(void *context) { return failure; }
int cuCtxSynchronize(void) { return failure; }
int cuCtxSetCacheConfig(int config) { return failure; }
int cuCtxSetSharedMemConfig(int config) { return failure; }
int cuCtxEnablePeerAccess(void *context, int flags) { return failure; }
int cuCtxDisablePeerAccess(void *context) { return failure; }

int cuCtxGetCacheConfig(int *config)
{
    *config = 0;
    return failure;
}

int cuCtxGetSharedMemConfig(int *config)
{
    *config = 0;
    return failure;
}

/* Memory. */

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total)
{
    *free_bytes = *total = total_memory;
    return failure;
}

int cuMemAlloc_v2(void **memory, size_t bytes)
{
    if (failure)
        return failure;
    if (bytes > total_memory || ++allocations == number("FAKE_CUDA_ALLOCATE", 0))
        return OUT_OF_MEMORY;
    return posix_memalign(memory, 256, bytes) == 0 ? SUCCESS : OUT_OF_MEMORY;
}

int cuMemFree_v2(void *memory)
{
    if (failure)
        return failure;
    free(memory);
    return SUCCESS;
}

int cuMemAllocHost_v2(void **memory, size_t bytes) { return cuMemAlloc_v2(memory, bytes); }
int cuMemFreeHost(void *memory) { return cuMemFree_v2(memory); }
int cuMemHostRegister_v2(void *memory, size_t bytes, int flags) { return failure; }
int cuMemHostUnregister(void *memory) { return failure; }

int cuMemHostGetDevicePointer_v2(void **device, void *host, int flags)
{
    *device = host;
    return failure;
}

int cuMemcpyAsync(void *to, const void *from, size_t bytes, void *stream)
{
    if (!failure)
        memmove(to, from, bytes);
    return failure;
}

int cuMemsetD8Async(void *to, unsigned char value, size_t bytes, void *stream)
{
    if (!failure)
        memset(to, value, bytes);
    return failure;
}

/* What is 2 for memory of a device. */
int cuPointerGetAttribute(void *value, int attribute, void *memory)
{
    *(int *)value = 2;
    return failure;
}

/* Streams and events; an event is the time at which it was recorded. */

int cuStreamCreate(void **stream, int flags)
{
    *stream = malloc(1);
    return failure;
}

int cuStreamCreateWithPriority(void **stream, int flags, int priority) { return cuStreamCreate(stream, flags); }

int cuStreamDestroy_v2(void *stream)
{
    free(stream);
    return failure;
}

int cuStreamSynchronize(void *stream) { return failure; }
int cuStreamQuery(void *stream) { return failure; }

int cuEventCreate(void **event, int flags)
{
    *event = calloc(1, sizeof(struct timespec));
    return failure;
}

int cuEventDestroy_v2(void *event)
{
    free(event);
    return failure;
}

int cuEventRecord(void *event, void *stream)
{
    clock_gettime(CLOCK_MONOTONIC, event);
    return failure;
}

int cuEventQuery(void *event) { return failure; }
int cuEventSynchronize(void *event) { return failure; }

int cuEventElapsedTime(float *milliseconds, void *start, void *end)
{
    const struct timespec *from = start, *to = end;
    *milliseconds = (float)((double)(to->tv_sec - from->tv_sec) * 1e3 + (double)(to->tv_nsec - from->tv_nsec) * 1e-6);
    return failure;
}

/* Kernels. */

int cuModuleLoadData(void **module, const char *ptx)
{
    *module = malloc(1);
    return failure;
}

int cuModuleLoadDataEx(void **module, const char *ptx, int count, void *options, void *values) { return cuModuleLoadData(module, ptx); }

int cuModuleUnload(void *module)
{
    free(module);
    return failure;
}

int cuModuleGetFunction(void **function, void *module, const char *name)
{
    *function = module;
    return failure;
}

int cuFuncGetAttribute(int *value, int attribute, void *function)
{
    *value = 0;
    return failure;
}

int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *groups, void *function, int size, size_t shared)
{
    *groups = 1;
    return failure;
}

int cuOccupancyMaxPotentialBlockSize(int *groups, int *size, void *function, void *sizes, size_t shared, int limit)
{
    *groups = 1;
    *size = 128;
    return failure;
}

int cuLaunchKernel(
    void *function, int x, int y, int z, int width, int height, int depth, int shared, void *stream, void **arguments, void **extra)
{
    if (failure)
        return failure;
    if (capture)
    {
        capture->launches++;
        return SUCCESS;
    }

    return launch(1);
}

/* Graphs. */

int cuStreamBeginCapture_v2(void *stream, int mode)
{
    log_call("capture");
    if (!failure)
        capture = calloc(1, sizeof(graph));
    return failure;
}

int cuStreamEndCapture(void *stream, void **recorded)
{
    *recorded = NULL;
    if (failure)
        return failure;
    if (number("FAKE_CUDA_CAPTURE", 0))
    {
        free(capture);
        capture = NULL;
        return CAPTURE_INVALIDATED;
    }

    *recorded = capture;
    capture = NULL;
    return SUCCESS;
}

int cuGraphInstantiateWithFlags(void **executable, void *recorded, unsigned long long flags)
{
    if (failure)
        return failure;
    *executable = malloc(sizeof(graph));
    memcpy(*executable, recorded, sizeof(graph));
    return SUCCESS;
}

int cuGraphDestroy(void *recorded)
{
    free(recorded);
    return failure;
}

int cuGraphExecDestroy(void *executable)
{
    free(executable);
    return failure;
}

int cuGraphLaunch(void *executable, void *stream)
{
    const char *bad = getenv("FAKE_CUDA_REPLAY");
    int broken, error;
    log_call("replay");
    if (failure)
        return failure;
    replays++;
    if (bad && sscanf(bad, "%d:%d", &broken, &error) == 2 && replays >= broken)
        return failure = error;
    if (bad && !strchr(bad, ':') && replays >= atoi(bad))
        return UNKNOWN;
    return launch(((graph *)executable)->launches);
}
