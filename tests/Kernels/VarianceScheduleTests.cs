using EDA.Kernels;

namespace EDA.Tests.Kernels;

public class VarianceScheduleTests
{
    private static readonly VarianceSchedule Schedule = VarianceSchedule.Published;

    [Fact]
    public void Published_constants_are_the_papers() =>
        Assert.Equal(new VarianceSchedule(0.1, 20, 1e-3), Schedule);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0.0065715864949296)]
    [InlineData(0.5, 0.281182880796752)]
    public void Alpha_is_the_integral_of_beta(double t, double alpha) => Assert.Equal(alpha, Schedule.Alpha(t), 1e-12);

    [Fact]
    public void Log_alpha_falls_by_half_of_beta()
    {
        // d log α / dt = −β(t)/2 with β linear from β₀ to β₁; the difference quotient of a parabola is exact.
        for (double t = 0.1; t < 1; t += 0.1)
        {
            double slope = (Schedule.LogAlpha(t + 0.01) - Schedule.LogAlpha(t - 0.01)) / 0.02;
            Assert.Equal(-(0.1 + (t * 19.9)) / 2, slope, 1e-10);
        }
    }

    [Fact]
    public void Variance_is_preserved()
    {
        for (double t = 1e-3; t <= 1; t += 1e-3)
            Assert.Equal(1, Math.Pow(Schedule.Alpha(t), 2) + Math.Pow(Schedule.Sigma(t), 2), 1e-14);
    }

    [Theory]
    [InlineData(1e-6)]
    [InlineData(1e-9)]
    [InlineData(1e-12)]
    public void Sigma_does_not_cancel_at_small_times(double t)
    {
        // σ² = β₀t + O(t²), the O(t²) being (β₁ − β₀)t²/2 − (β₀t)²/2 to leading order.
        double square = (0.1 * t) + (19.9 * t * t / 2) - (0.01 * t * t / 2);
        Assert.Equal(1, Math.Pow(Schedule.Sigma(t), 2) / square, 1e-10);
    }

    [Fact]
    public void Times_lie_in_the_trained_range()
    {
        Assert.Equal(1e-3f, Schedule.Time(0));
        Assert.InRange(Schedule.Time(1 - MathF.Pow(2, -24)), 0.9999f, 1f);
        Assert.Equal(0.5005f, Schedule.Time(0.5f), 1e-7f);
    }
}
