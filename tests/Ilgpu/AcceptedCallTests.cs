using System.Reflection;
using EDA.Tests.Gpu;
using ILGPU.Algorithms;

namespace EDA.Tests.Ilgpu;

/// <summary>The list of accepted calls against the real ILGPU.</summary>
public class AcceptedCallTests
{
    [Fact]
    public void Every_accepted_call_is_a_method_of_ILGPU_with_the_same_signature()
    {
        var real = new[] { typeof(ILGPU.Context).Assembly, typeof(XMath).Assembly }.SelectMany(assembly => assembly.GetExportedTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Select(KernelAcceptance.Describe).ToHashSet(StringComparer.Ordinal);
        Assert.All(KernelAcceptance.AcceptedCalls, call => Assert.Contains(call, real));
    }
}
