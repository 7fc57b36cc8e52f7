extern alias ilgpu;

using System.Reflection;
using EDA.Tests.Gpu;
using ILGPU.Algorithms;
using TensorCores = ilgpu::EDA.Kernels.Gpu.TensorCores;

namespace EDA.Tests.Ilgpu;

/// <summary>The list of accepted calls against the real ILGPU, and what is built on its inline PTX.</summary>
public class AcceptedCallTests
{
    [Fact]
    public void Every_accepted_call_is_a_method_of_ILGPU_with_the_same_signature()
    {
        var real = new[] { typeof(ILGPU.Context).Assembly, typeof(XMath).Assembly }.SelectMany(assembly => assembly.GetExportedTypes()).Append(typeof(TensorCores))
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Select(KernelAcceptance.Describe).ToHashSet(StringComparer.Ordinal);
        Assert.All(KernelAcceptance.AcceptedCalls, call => Assert.Contains(call, real));
    }
}
