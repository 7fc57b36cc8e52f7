namespace EDA.Bench.Suites;

/// <summary>The batch sizes of the suites.</summary>
internal static class SuiteSizes
{
    /// <summary>From the critics' batch to four times pretraining's.</summary>
    public static IReadOnlyList<int> Rows { get; } = [256, 512, 1024, 2048, 4096, 8192];
}
