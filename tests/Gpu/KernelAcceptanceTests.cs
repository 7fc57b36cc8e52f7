using EDA.Kernels.Gpu.Software;

namespace EDA.Tests.Gpu;

/// <summary>Kernels hold nothing that ILGPU refuses, and the check sees what it should.</summary>
public class KernelAcceptanceTests
{
    private static readonly float[] Table = [1f, 2f];

    private interface INumber
    {
        float Value();
    }

    [Fact]
    public void Every_kernel_holds_only_what_ILGPU_accepts()
    {
        Assert.NotEmpty(KernelAcceptance.Kernels);
        var complaints = KernelAcceptance.Kernels.SelectMany(KernelAcceptance.Complaints).Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(complaints.Count == 0, string.Join('\n', complaints));
    }

    [Fact]
    public void Every_kernel_can_run_in_software() =>
        Assert.All(KernelAcceptance.Kernels, kernel => Assert.NotNull(new SoftwareKernel(kernel)));

    [Fact]
    public void What_ILGPU_refuses_is_found_also_in_methods_called()
    {
        Assert.Contains(Complaints(Allocate), line => line.Contains("instruction newarr", StringComparison.Ordinal));
        Assert.Contains(Complaints(Throw), line => line.Contains("instruction throw", StringComparison.Ordinal));
        Assert.Contains(Complaints(Throw), line => line.Contains("allocation of InvalidOperationException", StringComparison.Ordinal));
        Assert.Contains(Complaints(ReadStatic), line => line.Contains("instruction ldsfld", StringComparison.Ordinal));
        Assert.Contains(Complaints(CallSystem), line => line.Contains("call of Single MathF.FusedMultiplyAdd(Single, Single, Single)", StringComparison.Ordinal));
        Assert.Contains(Complaints(Virtual), line => line.Contains("virtual call of Single INumber.Value()", StringComparison.Ordinal));
        Assert.Contains(Complaints(Virtual), line => line.Contains("reference type INumber", StringComparison.Ordinal));
        Assert.Empty(Complaints(Fine));
    }

    private static IReadOnlyList<string> Complaints(Action<ArrayView<float>> kernel) => KernelAcceptance.Complaints(kernel.Method);

    private static void Allocate(ArrayView<float> output) => output[0] = Last(new float[4]);

    private static float Last(float[] values) => values[^1];

    private static void Throw(ArrayView<float> output) => Refuse(output[0]);

    private static void Refuse(float value)
    {
        if (value < 0)
            throw new InvalidOperationException();
    }

    private static void ReadStatic(ArrayView<float> output) => output[0] = Table[0];

    private static void CallSystem(ArrayView<float> output) => output[0] = MathF.FusedMultiplyAdd(output[0], 2, 3);

    private static void Virtual(ArrayView<float> output) => output[0] = Read(null!);

    private static float Read(INumber number) => number.Value();

    private static void Fine(ArrayView<float> output) => output[Group.IdxX] = XMath.Sqrt(output[Group.IdxX]);
}
