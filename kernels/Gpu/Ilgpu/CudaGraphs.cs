using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Kernels.Gpu;

/// <summary>
/// Recordings as CUDA graphs: what is launched on a stream, captured. A recording is a CUgraphExec. Where something fails that
/// plain launches can do without, the answer is false; where the GPU itself has failed, they throw (<see cref="CudaException"/>).
/// </summary>
/// <param name="accelerator">The GPU.</param>
/// <param name="stream">The stream, not the default one, which cannot be captured.</param>
internal sealed class CudaGraphs(CudaAccelerator accelerator, CudaStream stream) : IRecorder<nint>
{
    private readonly bool _canRecord = CudaDriver.CanRecord;
    private bool _capturing;
    private bool _spoilt;

    /// <summary>Whether a failed launch belongs to a capture, which then comes to nothing.</summary>
    /// <returns>True where one is under way.</returns>
    public bool Spoil()
    {
        _spoilt |= _capturing;
        return _capturing;
    }

    public bool TryBegin()
    {
        if (!_canRecord)
            return false;
        accelerator.Bind();
        _spoilt = false;
        return _capturing = CudaDriver.cuStreamBeginCapture_v2(stream.StreamPtr, CudaDriver.CaptureThreadLocal) == 0 || Fails();
    }

    public bool TryEnd(out nint recording)
    {
        recording = 0;
        _capturing = false;
        accelerator.Bind();
        int result = CudaDriver.cuStreamEndCapture(stream.StreamPtr, out nint graph);
        if (graph != 0)
        {
            if (result == 0 && !_spoilt)
                result = CudaDriver.cuGraphInstantiateWithFlags(out recording, graph, 0);
            _ = CudaDriver.cuGraphDestroy(graph);
        }

        return (result == 0 && recording != 0) || Fails();
    }

    public bool TryReplay(nint recording)
    {
        accelerator.Bind();
        return CudaDriver.cuGraphLaunch(recording, stream.StreamPtr) == 0 || Fails();
    }

    // The driver frees a graph that is under way when it is done.
    public void Discard(nint recording)
    {
        accelerator.Bind();
        _ = CudaDriver.cuGraphExecDestroy(recording);
    }

    // A GPU that has failed, by an illegal address for instance, gives its error to every call, and to plain launches too.
    private bool Fails()
    {
        int state = CudaDriver.cuStreamQuery(stream.StreamPtr);
        if (state != CudaDriver.NotReady)
            CudaException.ThrowIfFailed((CudaError)state);
        return false;
    }
}
