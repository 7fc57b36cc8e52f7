using System.Runtime.InteropServices;
using TorchSharp;

namespace EDA.Engine.Optimizers;

/// <summary>
/// Tensors on memory that they do not own, and what else depends on TorchSharp's version: written for 0.102 and newer.
/// TorchSharp itself makes such tensors only of managed arrays; this calls the same function of its native library.
/// </summary>
public static unsafe partial class TorchMemory
{
    /// <summary>A float tensor [n] on memory that must outlive it; not a copy.</summary>
    /// <param name="address">The first element.</param>
    /// <param name="count">n.</param>
    /// <returns>The tensor, owned by the caller.</returns>
    public static torch.Tensor Floats(nint address, long count) => Create(address, count, torch.ScalarType.Float32);

    /// <summary>An integer tensor [n] on memory that must outlive it; not a copy.</summary>
    /// <param name="address">The first element.</param>
    /// <param name="count">n.</param>
    /// <returns>The tensor, owned by the caller.</returns>
    public static torch.Tensor Integers(nint address, long count) => Create(address, count, torch.ScalarType.Int32);

    /// <summary>Makes a parameter's gradient live in another tensor's memory.</summary>
    /// <param name="parameter">The parameter.</param>
    /// <param name="gradient">The gradient, of the parameter's shape; the caller may dispose of it.</param>
    public static void SetGradient(torch.Tensor parameter, torch.Tensor gradient) => parameter.grad = gradient;

    private static torch.Tensor Create(nint address, long count, torch.ScalarType type)
    {
        var handle = FromBuffer(address, &KeepMemory, count, 0, (sbyte)type, (sbyte)type, (int)DeviceType.CPU, -1, 0);
        if (handle == 0)
            torch.CheckForErrors();
        return torch.Tensor.UnsafeCreateTensor(handle);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void KeepMemory(nint memory)
    {
        // The memory is given back by its owner.
    }

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_frombuffer")]
    [UnmanagedCallConv(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static partial nint FromBuffer(
        nint memory, delegate* unmanaged[Cdecl]<nint, void> deleter, long count, long offset, sbyte type, sbyte wanted, int deviceType, int deviceIndex, byte requiresGradient);
}
